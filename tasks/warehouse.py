"""The warehouse: the one place that opens the file, and runs the files of sql/ in it.

DuckDB lets one process write, and a writer keeps readers out: connections are short, and an open waits a bounded time.
"""

import errno
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import duckdb
import tenacity

from tasks.core.errors import FlipbookError, UsageError, WarehouseHeldError
from tasks.settings import Settings
from tasks.sql_files import SQL, Model, models, statement

CATALOG = "flipbook"

# Files before 1.2 ignore column compression without a word; anything newer could not be read by every 1.x client.
STORAGE_VERSION = "v1.2.0"

# A checkpoint writes a table's last row group again, whole: of DuckDB's 122,880 rows, twelve days of 10,000.
ROW_GROUP_SIZE = 20_480
# A transaction of more than that is written to the file at once; a smaller one first to a log, and from there again.
CHECKPOINT_THRESHOLD = "1MB"

# What a landing may hold in memory at once; beyond it DuckDB spills beside the warehouse.
MEMORY_LIMIT = "1GB"

# A rebuild reads so many days at once: a bound on its memory, whatever the history.
DAYS_AT_ONCE = 28

# What DuckDB raises where lines are not what a statement takes them for.
UNFIT_INPUT = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.ConstraintException)

T = TypeVar("T")

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "checkpoint_threshold": CHECKPOINT_THRESHOLD,
    "memory_limit": MEMORY_LIMIT,
    "preserve_insertion_order": False,
}

_IS_VIEW = """
    select
        table_schema || '.' || table_name as name,
        table_type = 'VIEW' as is_view
    from information_schema.tables
    where table_catalog = $catalog
"""

_ANY_TABLE = "select 1 from duckdb_tables() where database_name = current_database() limit 1"

_ANY_TYPED = "select 1 from stg.bodies limit 1"

_HOLDER = re.compile(r"\(PID (\d+)\)")
# What DuckDB says where another process, or another thread of this one, has the file open.
_HELD, _HELD_HERE = "Could not set lock", "Unique file handle conflict"
# What the system says where there is no more room: on the disk, in a file, in a quota.
_FULL = tuple(map(os.strerror, (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)))


def in_chunks(days: Sequence[T]) -> Iterator[Sequence[T]]:
    """Days, some at a time."""
    for first in range(0, len(days), DAYS_AT_ONCE):
        yield days[first : first + DAYS_AT_ONCE]


class Warehouse:
    """An open warehouse. Use `Warehouse.open`; close it soon."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self.connection = connection
        self.path = path

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, *, read_only: bool = False) -> Iterator[Self]:
        """The warehouse of `settings`, created and migrated where need be (not when `read_only`).

        Raises WarehouseHeldError that names the file and the holder, when another process keeps it beyond the wait, and
        UsageError when the file is missing (`read_only`), no warehouse, or from a newer Flipbook, FlipbookError when
        the disk is full.
        """
        path = settings.warehouse_file
        connection = duckdb.connect(config=_CONFIG)
        try:
            connection.execute("set timezone = 'UTC'; set enable_progress_bar = false")
            _attach(connection, path, read_only=read_only, wait_s=settings.warehouse_wait_s)
            warehouse = cls(connection, path)
            warehouse._refuse_foreign(read_only=read_only)
            warehouse._refuse_newer()
            if not read_only:
                warehouse._migrate()
            yield warehouse
        except duckdb.Error as error:
            if _is_full(error):
                raise _full(path) from error
            if isinstance(error, duckdb.IOException):
                raise FlipbookError(f"{_first_line(error)}.") from error
            raise
        finally:
            connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: an exception rolls back."""
        self.connection.begin()
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Run one statement. Parameters that it does not name are left out, since DuckDB refuses them."""
        self.connection.execute(sql, _named(sql, parameters or {}))

    def rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """The rows of one select, as dictionaries."""
        cursor = self.connection.execute(sql, _named(sql, parameters or {}))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

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
        (parts,) = self.rows("select coalesce(max(part), 0) as last from new_bodies")
        for part in range(parts["last"] + 1):
            self.execute(statement("land/parsed_bodies"), {"part": part})
            self.make("stg", days)

    def stage_all(self) -> None:
        """Type every body that stg does not have yet, some days at a time."""
        days = [row["day"] for row in self.rows("select distinct day from raw.calls order by day")]
        for chunk in in_chunks(days):
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
        return {row["name"]: row["is_view"] for row in self.rows(_IS_VIEW, {"catalog": catalog})}

    def _version(self) -> int | None:
        """The newest migration applied; None for an empty database."""
        try:
            row = self.connection.execute("select max(version) from raw.migrations").fetchone()
        except duckdb.CatalogException:
            return None
        return row[0] if row else None

    def _refuse_foreign(self, *, read_only: bool) -> None:
        # An empty file is what a process leaves that was killed while it made one: only a writer can go on with it.
        if self._version() is None and (read_only or self.rows(_ANY_TABLE)):
            raise UsageError(f"{self.path} is a DuckDB file, but no warehouse of Flipbook.")

    def _refuse_newer(self) -> None:
        known = max(_migrations())
        version = self._version()
        if version is not None and version > known:
            raise UsageError(
                f"The warehouse {self.path} was written by a newer Flipbook "
                f"(format {version}; this one knows {known}): upgrade Flipbook."
            )

    def _migrate(self) -> None:
        applied = self._version() or 0
        new = {version: path for version, path in _migrations().items() if version > applied}
        if not new:
            return
        # All or nothing: a migration may leave stg empty.
        with self.transaction():
            for version, path in new.items():
                self.connection.execute(path.read_text(encoding="utf-8"))
                self.connection.execute("insert into raw.migrations values (?, ?, now())", [version, path.stem])
            for model in models("stg"):
                if model.is_view:
                    self.make_model(model, [])
            if not self.rows(_ANY_TYPED):
                self.stage_all()


def problem_of_pattern(pattern: str) -> str | None:
    """Why a text is no regular expression of the warehouse's kind (RE2); None if it is one."""
    with duckdb.connect() as connection:
        try:
            connection.execute("select regexp_matches('', ?)", [pattern]).fetchall()
        except duckdb.Error as error:
            return str(error).partition(": ")[2] or str(error)
    return None


def _migrations() -> dict[int, Path]:
    return {int(path.stem.split("_")[0]): path for path in sorted((SQL / "raw").glob("[0-9]*.sql"))}


def _named(sql: str, parameters: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in parameters.items() if re.search(rf"\${name}\b", sql)}


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool, wait_s: float) -> None:
    if read_only and not path.exists():
        raise UsageError(f"There is no warehouse at {path} yet: run a study, or import a recording, first.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The warehouse {path} cannot be made: {error.strerror}.") from error
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_held),
        wait=tenacity.wait_random(0.02, 0.2),
        stop=tenacity.stop_after_delay(wait_s),
        reraise=True,
    )
    try:
        retrying(lambda: connection.execute(_attaching(path, read_only=read_only)))
    except duckdb.Error as error:
        raise _translated(error, path, wait_s) from error
    connection.execute(f"use {CATALOG}")
    # Not DuckDB's own choice, a folder wherever this process stands. Readers are many, and would overwrite each other's.
    spill = path.with_name(f"{path.name}.{os.getpid()}.tmp" if read_only else f"{path.name}.tmp")
    connection.execute(f"set temp_directory = {quoted(spill)}")


def _attaching(path: Path, *, read_only: bool) -> str:
    options = ["read_only"] if read_only else [f"row_group_size {ROW_GROUP_SIZE}"]
    # The version may only be said of a file that is being created: by now, another process may have done so.
    if not path.exists():
        options.append(f"storage_version '{STORAGE_VERSION}'")
    return f"attach {quoted(path)} as {CATALOG} ({', '.join(options)})"


def _is_held(error: BaseException) -> bool:
    return isinstance(error, duckdb.Error) and any(sign in str(error) for sign in (_HELD, _HELD_HERE))


def _is_full(error: BaseException) -> bool:
    return any(sign in str(error) for sign in _FULL)


def _full(path: Path) -> FlipbookError:
    return FlipbookError(f"The disk is full at {path}: make room and try again; nothing landed.")


def _translated(error: duckdb.Error, path: Path, wait_s: float) -> FlipbookError:
    if _is_held(error):
        holder = _HOLDER.search(str(error))
        holder_id = os.getpid() if _HELD_HERE in str(error) else holder and holder[1]
        who = f"process {holder_id}" if holder_id else "another process"
        return WarehouseHeldError(
            f"{who.capitalize()} holds the warehouse {path}; waited {wait_s:g} s. "
            "Close it there, or wait for its run to end."
        )
    if _is_full(error):
        return _full(path)
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        return UsageError(f"The warehouse {path} cannot be opened: {_first_line(error)}")
    return UsageError(f"{path} is no warehouse that this DuckDB can read: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0]


def quoted(path: Path) -> str:
    """A path as a literal of SQL, for the statements that take no parameter there."""
    return "'" + str(path).replace("'", "''") + "'"
