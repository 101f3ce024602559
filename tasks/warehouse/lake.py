"""The warehouse as a DuckLake: tables in Parquet files, and a catalogue in PostgreSQL (many writers) or in a DuckDB file (one)."""

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tasks.core.errors import FlipbookError, UsageError, WarehouseHeldError
from tasks.warehouse.claims import MAKING, claimed
from tasks.warehouse.conninfo import Conninfo
from tasks.warehouse.extensions import load
from tasks.warehouse.file import held, is_held, make_folder, missing, waiting, why_not_written
from tasks.warehouse.shared import (
    CATALOG,
    OUT_OF_MEMORY,
    Certain,
    Claim,
    Work,
    first_line,
    full,
    is_full,
    quoted,
    too_little_memory,
)

# DuckLake's name for its own tables of a lake that is attached.
METADATA = f"__ducklake_metadata_{CATALOG}"

# Two who commit at once: the second tries again, with the number that is next. Some eight seconds in all.
RETRIES = "set ducklake_max_retry_count = 30; set ducklake_retry_wait_ms = 50; set ducklake_retry_backoff = 1.1"

# A folder without it is not where this lake's files are: a mount that is missing, or another machine's own disk.
MARK = "flipbook-lake.txt"
MARKED = "The files of a warehouse of Flipbook. Its catalogue is what FLIPBOOK_WAREHOUSE names; none goes without the other.\n"

TIDYING = (
    "ducklake_flush_inlined_data($lake)",
    "ducklake_merge_adjacent_files($lake)",
    "ducklake_expire_snapshots($lake, older_than => $before)",
    "ducklake_cleanup_old_files($lake, older_than => $before)",
)

_NONE_YET = "creating a new DuckLake is explicitly disabled"
# What DuckLake says where others' commits are in the way.
_CONFLICT = ("Transaction conflict", "Exceeded the maximum retry count", "conflict with")


class LakeBackend:
    """A DuckLake. `catalogue` is `postgres:CONNINFO` or a path; `data` is where its files are (None: as ever, or by default)."""

    has_snapshots = True

    def __init__(self, catalogue: str, data: str | None, folder: Path, wait_s: float) -> None:
        self.folder = folder
        self._catalogue = catalogue
        self._conninfo = Conninfo.of(catalogue)
        self.name = self._conninfo.name if self._conninfo else catalogue
        # Where its files are, or will be; whoever attaches it learns of another place from its catalogue.
        self.files = data or str(folder / "lake")
        self._data = data
        self._is_written = False
        self._wait_s = wait_s

    def exists(self) -> bool:
        """Whether there is such a lake. Raises FlipbookError where its catalogue cannot be reached."""
        if not self._conninfo:
            return Path(self._catalogue).exists()
        with duckdb.connect() as connection:
            load(connection)
            return self._attached(connection, "read_only", "create_if_not_exists false")

    def attach(self, connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        """Attach the lake, and create its catalogue where there is none (not when `read_only`).

        Raises UsageError where settings are wrong or there is nothing to read, WarehouseHeldError where another process
        has the catalogue's file, and FlipbookError where PostgreSQL cannot be reached.
        """
        make_folder(self.folder, self.name)
        load(connection)
        connection.execute(f"{RETRIES}; set temp_directory = {quoted(self.folder / f'lake.{os.getpid()}.tmp')}")
        is_there = bool(self._conninfo) or Path(self._catalogue).exists()
        options = ["create_if_not_exists false", *(["read_only"] if read_only else [])]
        if not (is_there and self._attached(connection, *options)):
            if read_only:
                raise missing(self.name)
            self._create(connection)
        self._refuse_other_folder(connection)
        self._is_written = not read_only

    def ddl(self, sql: str) -> str:
        """Without column compression, which is the file's alone: Parquet is compressed as a whole."""
        return sql.replace(" using compression zstd", "")

    @contextmanager
    def alone(self, connection: duckdb.DuckDBPyConnection, works: Sequence[Work]) -> Iterator[Claim]:
        """By a lock in PostgreSQL; whoever has a catalogue's file open is alone in any case."""
        if not self._conninfo:
            yield Certain()
            return
        with claimed(connection, METADATA, works, self.name, self._wait_s) as claim:
            yield claim

    def state(self, connection: duckdb.DuckDBPyConnection) -> int | None:
        """The number of the snapshot."""
        row = connection.execute("from ducklake_current_snapshot($name)", {"name": CATALOG}).fetchone()
        return row[0] if row else None

    def tidy(self, connection: duckdb.DuckDBPyConnection, before: dt.datetime) -> None:
        """Rows in the catalogue go to files, small files together, old states go, and what went before `before` is removed."""
        for call in TIDYING:
            parameters = {"lake": CATALOG} | ({"before": before} if "$before" in call else {})
            connection.execute(f"call {call}", parameters).fetchall()

    def translated(self, error: duckdb.Error) -> FlipbookError | None:
        """A full disk, others' commits, a connection that broke."""
        said = self._said(error)
        if is_full(error):
            return full(self.name)
        if isinstance(error, OUT_OF_MEMORY):
            return too_little_memory(self.name)
        if any(sign in said for sign in _CONFLICT):
            return WarehouseHeldError(
                f"Others write to the warehouse {self.name} all the time: {said}. Nothing landed; try again."
            )
        if self._conninfo and self._conninfo.is_trouble(error):
            return self._conninfo.trouble(said)
        if isinstance(error, duckdb.IOException):
            # Where it may not make a folder in another, DuckDB says that there is none.
            unkept = unwritable(self.name, self.files) if self._is_written else None
            return unkept or FlipbookError(f"{said}.")
        return None

    def _create(self, connection: duckdb.DuckDBPyConnection) -> None:
        if _is_local(self.files):
            self._mark(Path(self.files))
        options = f"data_path {quoted(self.files)}"
        if not self._conninfo:
            make_folder(Path(self._catalogue).parent, self.name)
            self._attached(connection, options)
            return
        # Of several who find nothing, one makes it; what came first stays.
        connection.execute(f"attach {quoted(self._conninfo.text)} as guard (type postgres)")
        with claimed(connection, "guard", [MAKING], self.name, self._wait_s):
            if not self._attached(connection, "create_if_not_exists false"):
                self._attached(connection, options)
        connection.execute("detach guard")

    def _mark(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / MARK).write_text(MARKED, encoding="utf-8")
        except OSError as error:
            why = why_not_written(folder) or str(error.strerror)
            raise _not_kept(self.name, self.files, why) from error

    def _attached(self, connection: duckdb.DuckDBPyConnection, *options: str) -> bool:
        """Attach it; False where there is none and none may be made. Raises FlipbookError."""
        if self._data and not any(option.startswith("data_path") for option in options):
            # Paths of files are relative: a mount may have another name on each machine.
            options = (*options, f"data_path {quoted(self._data)}", "override_data_path true")
        sql = f"attach {quoted(f'ducklake:{self._catalogue}')} as {CATALOG} ({', '.join(options)})"
        problem = None
        try:
            waiting(self._wait_s)(lambda: connection.execute(sql))
        except duckdb.Error as error:
            if _NONE_YET in str(error):
                return False
            # Raised below, where the error, which may hold a password, is no longer its context.
            problem = self._refused(error)
        if problem:
            raise problem
        return True

    def _refused(self, error: duckdb.Error) -> FlipbookError:
        if is_held(error):
            return held(error, self.name, self._wait_s)
        return self.translated(error) or UsageError(f"{self.name} is no warehouse to be read: {self._said(error)}.")

    def _refuse_other_folder(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.files = self._data or files_of(connection)
        if _is_local(self.files) and not (Path(self.files) / MARK).exists():
            raise UsageError(
                f"The files of the warehouse {self.name} are in {self.files}, and on this machine they are not there: "
                "mount that folder here, or say in FLIPBOOK_WAREHOUSE_DATA where it is mounted."
            )

    def _said(self, error: duckdb.Error) -> str:
        said = first_line(error)
        return (self._conninfo.without_secrets(said) if self._conninfo else said).rstrip(".")


def files_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Where the files of the lake that is attached are, as its catalogue says it: a mount may have another name here."""
    sql = f"select value from {METADATA}.ducklake_metadata where key = 'data_path' and scope is null"
    row = connection.execute(sql).fetchone()
    return str(row[0]).removesuffix("/") if row else ""


def unwritable(name: str, files: str) -> UsageError | None:
    """That this process could keep no files in a folder, which need not be there yet; None where it could, or it is none."""
    why = why_not_written(Path(files)) if _is_local(files) else None
    return _not_kept(name, files, why) if why else None


def _not_kept(name: str, files: str, why: str) -> UsageError:
    return UsageError(
        f"The files of the warehouse {name} cannot be kept in {files}: {why}. "
        "Mend that, or say in FLIPBOOK_WAREHOUSE_DATA where they belong."
    )


def _is_local(data: str) -> bool:
    return "://" not in data
