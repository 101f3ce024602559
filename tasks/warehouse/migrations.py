"""Schema changes: numbered files in sql/raw/, applied once each and recorded in raw.migrations."""

from collections.abc import Callable
from pathlib import Path

import duckdb

from tasks.core.errors import UsageError
from tasks.sql_files import SQL, statement


def known() -> dict[int, Path]:
    """Every migration by its number, in order."""
    return {int(path.stem.split("_")[0]): path for path in sorted((SQL / "raw").glob("[0-9]*.sql"))}


def newest_format() -> int:
    """The format that this Flipbook makes of a warehouse: the number of its last migration."""
    return max(known())


def version(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The newest migration applied; None where there is no table of them."""
    try:
        row = connection.execute(statement("warehouse/version")).fetchone()
    except duckdb.CatalogException:
        return None
    return row[0] if row else None


def are_pending(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether there are any to apply."""
    return (version(connection) or 0) < newest_format()


def refuse_foreign(connection: duckdb.DuckDBPyConnection, name: str, *, read_only: bool) -> None:
    """Raises UsageError for a database that is not Flipbook's, or is from a newer one."""
    found = version(connection)
    is_other = found is None and connection.execute(statement("warehouse/any_table")).fetchone() != (False,)
    if is_other:
        # Of several who find nothing, another may have made it in between.
        found = version(connection)
    # An empty one is what a process leaves that was killed while it made it: only a writer can go on with it.
    if found is None and (read_only or is_other):
        raise UsageError(f"{name} is a database, but no warehouse of Flipbook.")
    if found is not None and found > newest_format():
        raise UsageError(
            f"The warehouse {name} was written by a newer Flipbook "
            f"(format {found}; this one knows {newest_format()}): upgrade Flipbook."
        )


def refuse_lost(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Raises UsageError where answers are neither typed nor here to be typed: a migration emptied stg, and they are archived."""
    lost = [row[0] for row in connection.execute(statement("archive/lost_days")).fetchall()]
    if lost:
        raise UsageError(
            f"This Flipbook reads every answer again, and in the warehouse {name} those of {len(lost)} days "
            f"from {lost[0]} to {lost[-1]} are archived: bring them back with `flipbook unarchive` of the version "
            "before, then open it with this one. Nothing was changed."
        )


def apply(connection: duckdb.DuckDBPyConnection, ddl: Callable[[str], str]) -> None:
    """Apply those that are new, in the backend's words."""
    applied = version(connection) or 0
    for number, path in known().items():
        if number > applied:
            connection.execute(ddl(path.read_text(encoding="utf-8")))
            connection.execute("insert into raw.migrations values (?, ?, now())", [number, path.stem])
