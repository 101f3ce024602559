"""What every kind of warehouse needs: DuckDB's settings, literals, chunks of days, and the words of its errors."""

import datetime as dt
import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Protocol, TypeVar

import duckdb

from tasks.core.errors import FlipbookError
from tasks.core.statistics import wilson_interval

# The name under which a warehouse is attached.
CATALOG = "flipbook"

# A transaction of more than that is written to the file at once; a smaller one first to a log, and from there again.
CHECKPOINT_THRESHOLD = "1MB"

# Up to so many keys of a join's smaller side are looked for one by one where the larger side lies, and its other blocks are
# not read. Beyond it (DuckDB's own bound is 50) only what lies between the least and the greatest is.
KEYS_LOOKED_FOR = 10_000

# A rebuild reads so many days at once: a bound on its memory, whatever the history.
DAYS_AT_ONCE = 28

# What DuckDB raises where lines are not what a statement takes them for.
UNFIT_INPUT = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.ConstraintException)

# What it raises where something does not fit into the memory that it may take.
OUT_OF_MEMORY = duckdb.OutOfMemoryException

# What is being written: rows that were received and judged, or what is counted from them. In a warehouse of many
# writers one process at a time does either.
Work = Literal["landing", "counting"]

T = TypeVar("T")

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "checkpoint_threshold": CHECKPOINT_THRESHOLD,
    "preserve_insertion_order": False,
}

# What the system says where there is no more room: on the disk, in a file, in a quota.
_FULL = tuple(map(os.strerror, (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)))


class Backend(Protocol):
    """Where a warehouse is kept: in a DuckDB file, or in a DuckLake."""

    # As sentences call it. Never with a password.
    name: str
    # A folder on this machine for what is only needed for a while.
    folder: Path
    # Whether a reader keeps what it saw first, while others write.
    has_snapshots: bool

    def exists(self) -> bool:
        """Whether anything was ever written to it, as far as can be said without opening it."""

    def attach(self, connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        """Attach it as CATALOG, empty where it is new. Raises FlipbookError where that cannot be."""

    def ddl(self, sql: str) -> str:
        """A migration in the words that it understands."""

    def alone(self, connection: duckdb.DuckDBPyConnection, works: Sequence[Work]) -> AbstractContextManager["Claim"]:
        """Within this block nobody else does these works, on any machine. Raises WarehouseHeldError after the wait."""

    def state(self, connection: duckdb.DuckDBPyConnection) -> int | None:
        """The number of what a connection sees; None where there is but one."""

    def tidy(self, connection: duckdb.DuckDBPyConnection, before: dt.datetime) -> None:
        """Put small files together, and remove what no reader has needed since `before`."""

    def translated(self, error: duckdb.Error) -> FlipbookError | None:
        """What an operator can mend, in a sentence; None for a mistake of ours."""


class Claim(Protocol):
    """That nobody else does some work now."""

    def confirm(self) -> None:
        """Raises FlipbookError where it was lost."""


class Certain:
    """The claim of whoever is alone in any case."""

    def confirm(self) -> None:
        """It cannot be lost."""


def connect(memory_limit: str) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory, to attach a warehouse to, with what statements of ours need."""
    connection = duckdb.connect(config=_CONFIG | {"memory_limit": memory_limit})
    connection.execute("set timezone = 'UTC'; set enable_progress_bar = false")
    connection.execute(f"set dynamic_or_filter_threshold = {KEYS_LOOKED_FOR}")
    # The marts' intervals are the core's, which has the one definition.
    connection.create_function(
        "wilson_interval",
        lambda events, n: wilson_interval(events, n)._asdict(),
        ["bigint", "bigint"],
        "struct(low double, high double)",
    )
    return connection


def in_chunks(days: Sequence[T]) -> Iterator[Sequence[T]]:
    """Days, some at a time."""
    for first in range(0, len(days), DAYS_AT_ONCE):
        yield days[first : first + DAYS_AT_ONCE]


def quoted(text: Path | str) -> str:
    """A path or text as a literal of SQL, for the statements that take no parameter there."""
    return "'" + str(text).replace("'", "''") + "'"


def first_line(error: BaseException) -> str:
    """What an error says, without what DuckDB adds below."""
    return str(error).splitlines()[0]


def is_full(error: BaseException) -> bool:
    """Whether there is no more room."""
    return any(sign in str(error) for sign in _FULL)


def file_named_in(error: BaseException) -> str | None:
    """The file that an error of DuckDB's is about: not always the warehouse, also what is copied or exported from it."""
    named = re.search(r'file "([^"]+)"', str(error))
    # A file's log is told by the file.
    return named and named[1].removesuffix(".wal")


def full(place: object) -> FlipbookError:
    """That there is no more room at a place."""
    return FlipbookError(f"The disk is full at {place}: make room and try again; nothing is lost.")


def too_little_memory(name: str) -> FlipbookError:
    """That something does not fit into memory."""
    return FlipbookError(
        f"The warehouse {name} needs more memory than it may take: a day has too many answers of megabytes. Nothing is "
        "lost: set FLIPBOOK_MEMORY_LIMIT to more (3GB, say), and run it again."
    )


def problem_of_pattern(pattern: str) -> str | None:
    """Why a text is no regular expression of the warehouse's kind (RE2); None if it is one."""
    with duckdb.connect() as connection:
        try:
            connection.execute("select regexp_matches('', ?)", [pattern]).fetchall()
        except duckdb.Error as error:
            return str(error).partition(": ")[2] or str(error)
    return None
