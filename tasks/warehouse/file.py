"""The warehouse as one DuckDB file: one process writes, and a writer keeps readers out, so an open waits a bounded time."""

import datetime as dt
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import tenacity

from tasks.core.errors import FlipbookError, UsageError, WarehouseHeldError
from tasks.warehouse.shared import (
    CATALOG,
    OUT_OF_MEMORY,
    Certain,
    Claim,
    Work,
    file_named_in,
    first_line,
    full,
    is_full,
    quoted,
    too_little_memory,
)

# Files before 1.2 ignore column compression without a word; anything newer could not be read by every 1.x client.
STORAGE_VERSION = "v1.2.0"

# A checkpoint writes a table's last row group again, whole: of DuckDB's 122,880 rows, twelve days of 10,000.
ROW_GROUP_SIZE = 20_480

# How a new file is made.
FILE_OPTIONS = f"row_group_size {ROW_GROUP_SIZE}, storage_version '{STORAGE_VERSION}'"

_HOLDER = re.compile(r"\(PID (\d+)\)")
# What DuckDB says where another process, or another thread of this one, has the file open.
_HELD, _HELD_HERE = "Could not set lock", "Unique file handle conflict"


class FileBackend:
    """A DuckDB file."""

    has_snapshots = False

    def __init__(self, path: Path, wait_s: float) -> None:
        self.path = path
        self.name = str(path)
        self.folder = path.parent
        self._wait_s = wait_s

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self.path.exists()

    def attach(self, connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        """Attach the file, after a bounded wait for whoever holds it.

        Raises WarehouseHeldError that names the file and the holder, UsageError where there is no file (`read_only`),
        or none that can be read or made, and FlipbookError when the disk is full.
        """
        if read_only and not self.exists():
            raise missing(self.name)
        make_folder(self.path.parent, self.name)
        options = "read_only" if read_only else f"row_group_size {ROW_GROUP_SIZE}"
        attaching = f"attach {quoted(self.path)} as {CATALOG} ({options})"
        try:
            if not self.exists():
                self._make()
            waiting(self._wait_s)(lambda: connection.execute(attaching))
        except duckdb.Error as error:
            raise self._refused(error) from error
        # Not DuckDB's own choice, a folder wherever this process stands. Readers are many, and would overwrite each other's.
        spill = f"{self.path.name}.{os.getpid()}.tmp" if read_only else f"{self.path.name}.tmp"
        connection.execute(f"set temp_directory = {quoted(self.path.with_name(spill))}")

    def ddl(self, sql: str) -> str:
        """Migrations are written for files."""
        return sql

    @contextmanager
    def alone(self, connection: duckdb.DuckDBPyConnection, works: Sequence[Work]) -> Iterator[Claim]:  # noqa: ARG002
        """Whoever has the file open is alone."""
        yield Certain()

    def state(self, connection: duckdb.DuckDBPyConnection) -> int | None:  # noqa: ARG002
        """A file has one state, and does not number it."""
        return None

    def tidy(self, connection: duckdb.DuckDBPyConnection, before: dt.datetime) -> None:  # noqa: ARG002
        """Write what is still in the log to the file."""
        connection.execute("checkpoint")

    def translated(self, error: duckdb.Error) -> FlipbookError | None:
        """A full disk, and what the system says of files."""
        if is_full(error):
            return full(file_named_in(error) or self.path)
        if isinstance(error, OUT_OF_MEMORY):
            return too_little_memory(self.name)
        return FlipbookError(f"{first_line(error)}.") if isinstance(error, duckdb.IOException) else None

    def _make(self) -> None:
        """An empty file, whole or not at all: one that is half made when the disk is full nobody can open any more."""
        half_made = self.path.with_name(f".{self.path.name}.{os.getpid()}.new")
        try:
            half_made.unlink(missing_ok=True)
            with duckdb.connect() as connection:
                connection.execute(f"attach {quoted(half_made)} as made ({FILE_OPTIONS})")
                connection.execute("checkpoint made; detach made")
            _name_if_free(half_made, self.path)
        except OSError as error:
            raise UsageError(f"The warehouse {self.path} cannot be made: {error.strerror}.") from error
        finally:
            with suppress(OSError):
                half_made.unlink(missing_ok=True)

    def _refused(self, error: duckdb.Error) -> FlipbookError:
        if is_held(error):
            return held(error, self.name, self._wait_s)
        if is_full(error):
            return full(self.path)
        if self.path.is_dir() or not os.access(self.path.parent, os.W_OK):
            return UsageError(f"The warehouse {self.path} cannot be opened: {first_line(error)}")
        return UsageError(f"{self.path} is no warehouse that this DuckDB can read: {first_line(error)}")


def _name_if_free(file: Path, name: Path) -> None:
    """Give a file its name, unless another process was faster: that one's stays."""
    try:
        os.link(file, name)
    except FileExistsError:
        return
    except OSError:
        # A file system without second names.
        if not name.exists():
            file.rename(name)


def waiting(wait_s: float) -> tenacity.Retrying:
    """Tries until nobody else has a file open, so many seconds at most."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_held),
        wait=tenacity.wait_random(0.02, 0.2),
        stop=tenacity.stop_after_delay(wait_s),
        reraise=True,
    )


def is_held(error: BaseException) -> bool:
    """Whether another process, or another thread of this one, has a file open."""
    return isinstance(error, duckdb.Error) and any(sign in str(error) for sign in (_HELD, _HELD_HERE))


def held(error: duckdb.Error, name: str, wait_s: float) -> WarehouseHeldError:
    """Who has it open, and what to do."""
    holder = _HOLDER.search(str(error))
    holder_id = os.getpid() if _HELD_HERE in str(error) else holder and holder[1]
    who = f"process {holder_id}" if holder_id else "another process"
    return WarehouseHeldError(
        f"{who.capitalize()} holds the warehouse {name}; waited {wait_s:g} s. "
        "Close it there, or wait for its run to end."
    )


def make_folder(folder: Path, name: str) -> None:
    """Make the folder of a warehouse, where it is missing. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = why_not_written(folder) or error.strerror
        raise UsageError(f"The warehouse {name} needs the folder {folder}, which cannot be made: {why}.") from error


def why_not_written(folder: Path) -> str | None:
    """Why this process could write nothing to a folder, which need not be there yet; None where it could."""
    # Not Path.exists, which raises where this user may not even look.
    there = next(path for path in (folder, *folder.parents) if os.access(path, os.F_OK))
    if not there.is_dir():
        return f"{there} is no folder"
    return None if os.access(there, os.W_OK | os.X_OK) else f"this user may not write to {there}"


def missing(name: str) -> UsageError:
    """That there is nothing to read yet."""
    return UsageError(f"There is no warehouse at {name} yet: run a study, or import a recording, first.")
