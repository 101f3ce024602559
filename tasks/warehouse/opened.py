"""The open warehouse: statements, models and transactions, whatever keeps the tables."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import duckdb

from tasks.settings import Settings
from tasks.sql_files import Model, models, statement
from tasks.warehouse import migrations
from tasks.warehouse.file import FileBackend
from tasks.warehouse.lake import LakeBackend
from tasks.warehouse.shared import CATALOG, Backend, Work, connect, in_chunks


class Warehouse:
    """An open warehouse. Use `Warehouse.open`; close it soon."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, backend: Backend) -> None:
        self.connection = connection
        self._backend = backend

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, *, read_only: bool = False) -> Iterator[Self]:
        """The warehouse of `settings`, created and migrated where need be (not when `read_only`).

        A reader of a warehouse that others may write to at the same time sees it as it was when it opened it. Raises
        WarehouseHeldError that names warehouse and holder, when another process keeps it beyond the wait, UsageError
        when it is missing (`read_only`), no warehouse, from a newer Flipbook, or its settings are wrong, and
        FlipbookError when the disk is full or its catalogue cannot be reached.
        """
        backend = backend_of(settings)
        connection = connect(settings.memory_limit)
        try:
            backend.attach(connection, read_only=read_only)
            connection.execute(f"use {CATALOG}")
            warehouse = cls(connection, backend)
            if read_only and backend.has_snapshots:
                connection.begin()
            migrations.refuse_foreign(connection, backend.name, read_only=read_only)
            if not read_only:
                warehouse._migrate()
            yield warehouse
        except duckdb.Error as error:
            if problem := backend.translated(error):
                # Not `from error`: what DuckDB says of a connection may hold a password.
                raise problem from None
            raise
        finally:
            connection.close()

    @classmethod
    @contextmanager
    def open_copy(cls, settings: Settings) -> Iterator[Self]:
        """The copy of the marts, to be read."""
        backend = FileBackend(settings.marts_file, 0)
        connection = connect(settings.memory_limit)
        try:
            backend.attach(connection, read_only=True)
            connection.execute(f"use {CATALOG}")
            yield cls(connection, backend)
        finally:
            connection.close()

    @property
    def folder(self) -> Path:
        """A folder on this machine for what is only needed for a while."""
        return self._backend.folder

    @property
    def state(self) -> int | None:
        """The number of the state that is seen, where others may write at the same time; else None."""
        return self._backend.state(self.connection)

    @property
    def format(self) -> int:
        """The number of the newest migration that was applied."""
        return migrations.version(self.connection) or 0

    def tidy(self, before: dt.datetime) -> None:
        """Put small files together, and remove what no reader has needed since `before`. No row changes."""
        with self._backend.alone(self.connection, ("landing", "counting")):
            self._backend.tidy(self.connection, before)

    @contextmanager
    def transaction(self, *works: Work) -> Iterator[None]:
        """All or nothing: an exception rolls back. Nobody else does these works (default: landing) meanwhile."""
        with self._backend.alone(self.connection, works or ("landing",)) as claim, self.snapshot():
            yield
            claim.confirm()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """The warehouse as it is now, whoever writes; nothing is written to it, and to other files all or nothing."""
        self.connection.begin()
        try:
            yield
            self.connection.commit()
        except BaseException:
            # What went wrong may have ended the transaction, or the connection, already.
            with suppress(duckdb.Error):
                self.connection.rollback()
            raise

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Run one statement. Parameters that it does not name are left out, since DuckDB refuses them."""
        self.connection.execute(sql, _named(sql, parameters or {}))

    def rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """The rows of one select, as dictionaries."""
        cursor = self.connection.execute(sql, _named(sql, parameters or {}))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def column(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[Any]:
        """The first column of one select."""
        return [row[0] for row in self.connection.execute(sql, _named(sql, parameters or {})).fetchall()]

    def report(self, name: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """The rows of sql/report/<name>.sql."""
        return self.rows(statement(f"report/{name}"), parameters)

    def make(self, layer: str, days: Sequence[Any]) -> None:
        """Make the models of a layer again, in the order of what they read; those by day only for `days`."""
        for model in models(layer):
            self.make_model(model, days)

    def stage(self, days: Sequence[Any]) -> None:
        """Type the bodies of `days` that stg does not have yet."""
        self.execute(statement("land/new_bodies"), {"days": list(days)})
        (last,) = self.column("select coalesce(max(part), 0) from new_bodies")
        for part in range(last + 1):
            self.execute(statement("land/parsed_bodies"), {"part": part})
            self.make("stg", days)

    def stage_all(self) -> None:
        """Type every body that stg does not have yet, some days at a time."""
        for chunk in in_chunks(self.column(statement("land/all_days"))):
            self.stage(chunk)

    def make_model(self, model: Model, days: Sequence[Any]) -> None:
        """Make one model again; if it is by day, only for `days`."""
        for sql in model.making():
            self.execute(sql, {"days": list(days)})

    def unlike(self, among: Sequence[Model], catalog: str = CATALOG) -> list[Model]:
        """Those that another version of Flipbook made as the other kind, a view or a table, or did not know."""
        is_view = self._is_view(catalog)
        return [model for model in among if is_view.get(model.table) is not model.is_view]

    def drop(self, made: Sequence[Model], catalog: str = CATALOG) -> None:
        """Forget what models made, views or tables, where there is anything."""
        is_view = self._is_view(catalog)
        for model in made:
            if model.table in is_view:
                self.execute(f"drop {'view' if is_view[model.table] else 'table'} {catalog}.{model.table}")

    def _is_view(self, catalog: str) -> dict[str, bool]:
        """Whether it is a view, of everything there is."""
        rows = self.rows(statement("warehouse/tables_and_views"), {"catalog": catalog})
        return {row["name"]: row["is_view"] for row in rows}

    def _migrate(self) -> None:
        if not migrations.are_pending(self.connection):
            return
        # All or nothing: a migration may leave stg empty.
        with self.transaction("landing", "counting"):
            # Another process may have done it while this one waited.
            migrations.apply(self.connection, self._backend.ddl)
            for model in models("stg"):
                if model.is_view:
                    self.make_model(model, [])
            if self.column(statement("warehouse/any_typed")) == [False]:
                self.stage_all()
            migrations.refuse_lost(self.connection, self._backend.name)


def exists(settings: Settings) -> bool:
    """Whether there is a warehouse yet. Raises FlipbookError where that cannot be said."""
    return backend_of(settings).exists()


def name_of(settings: Settings) -> str:
    """The warehouse as sentences call it; never with a password."""
    return backend_of(settings).name


def backend_of(settings: Settings) -> Backend:
    """What keeps the warehouse of `settings`."""
    if settings.lake is None:
        return FileBackend(settings.warehouse_file, settings.warehouse_wait_s)
    return LakeBackend(settings.lake, settings.warehouse_data, settings.marts_file.parent, settings.warehouse_wait_s)


def _named(sql: str, parameters: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in parameters.items() if re.search(rf"\${name}\b", sql)}
