"""Who may write: one process at a time for each kind of work, by locks that PostgreSQL lets go of when their holder dies."""

import os
import random
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import duckdb

from tasks.core.errors import WarehouseHeldError
from tasks.warehouse.shared import Work, quoted

# For whoever makes an empty catalogue a lake.
MAKING = "making"
PAUSE_S = (0.02, 0.2)
_NUMBERS = {"landing": 1, "counting": 2, MAKING: 3}
# The first half of the locks' key: the bytes of "flip".
_OURS = 0x666C6970

_TRY = """
    select pg_try_advisory_xact_lock({ours}, {number}) and set_config('application_name', {name}, true) is not null
"""
# PostgreSQL shows a transaction who is connected as it was when it first asked.
_LOOK_AGAIN = "select pg_stat_clear_snapshot() is null"
# Who it is, and in which transaction: the same process may hold it again, and then it is not the same wait.
_HOLDER = """
    select coalesce(max(application_name), '') || chr(31) || coalesce(max(virtualtransaction), '')
    from pg_locks inner join pg_stat_activity using (pid)
    where locktype = 'advisory' and classid = {ours} and objid = {number} and granted
"""


@dataclass(frozen=True)
class PostgresClaim:
    """Locks that a transaction in PostgreSQL holds: they are gone if its connection is."""

    cursor: duckdb.DuckDBPyConnection
    database: str

    def confirm(self) -> None:
        """Raises duckdb.Error where the connection, and with it the locks, was lost."""
        _asked(self.cursor, self.database, "select true")


@contextmanager
def claimed(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    works: Sequence[Work | str],
    name: str,
    wait_s: float,
) -> Iterator[PostgresClaim]:
    """Within this block nobody else does these works. Raises WarehouseHeldError that names who does, after the wait.

    `database` is what PostgreSQL is attached as. The locks live in a transaction of their own, which sees nothing, so
    that the one that writes begins after them and sees what the last holder wrote.
    """
    with connection.cursor() as cursor:
        cursor.begin()
        try:
            # Always in the same order: two who want both do not wait for each other.
            for work in sorted(works, key=_NUMBERS.__getitem__):
                _claim(cursor, database, work, name, wait_s)
            yield PostgresClaim(cursor, database)
        finally:
            with suppress(duckdb.Error):
                cursor.rollback()


def _claim(cursor: duckdb.DuckDBPyConnection, database: str, work: str, name: str, wait_s: float) -> None:
    key = {"ours": _OURS, "number": _NUMBERS[work]}
    us = quoted(f"flipbook process {os.getpid()} on {socket.gethostname()}"[:63])
    holder, since = "", time.monotonic()
    while not _asked(cursor, database, _TRY.format(**key, name=us)):
        now, before = time.monotonic(), holder
        _asked(cursor, database, _LOOK_AGAIN)
        holder = str(_asked(cursor, database, _HOLDER.format(**key)))
        # Many may be before us, each for a moment. It is one alone that is not waited for for ever.
        if holder != before:
            since = now
        elif now - since > wait_s:
            who = holder.partition(chr(31))[0].removeprefix("flipbook ") or "another process"
            raise WarehouseHeldError(
                f"{who[0].upper()}{who[1:]} is {work} in the warehouse {name}; waited {wait_s:g} s. "
                "Wait for its run to end."
            )
        time.sleep(random.uniform(*PAUSE_S))


def _asked(cursor: duckdb.DuckDBPyConnection, database: str, sql: str) -> object:
    row = cursor.execute("select * from postgres_query($database, $sql)", {"database": database, "sql": sql}).fetchone()
    return row[0] if row else None
