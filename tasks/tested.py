"""What the core computed, kept in raw.tests by the hash of what went in: a day costs only its own, and a rebuild nothing."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.core.plan import SeriesKey
from tasks.sql_files import statement
from tasks.warehouse import Warehouse

# One statement for many rows: a row at a time takes a thousand times as long. Not for any number: a year's draws are 150 MB.
ROWS_AT_ONCE = 500
INSERT = "insert into {table} by name select unnest(from_json($rows, '[{{{columns}}}]'), recursive := true)"


@dataclass(frozen=True, slots=True)
class Tested:
    """One figure of a series, on a day or (None) over all: a statistic, and where it was tested, its p-value."""

    input_hash: str
    key: SeriesKey
    day: dt.date | None
    test: str
    statistic: float | None
    p_value: float | None = None
    permutations: int | None = None
    permuted: list[float] | None = None


def keep(warehouse: Warehouse, tested: Sequence[Tested], tested_at: dt.datetime) -> None:
    """Append figures to raw.tests."""
    rows = [
        {
            "input_hash": one.input_hash,
            **one.key._asdict(),
            "day": one.day,
            "test": one.test,
            "statistic": one.statistic,
            "p_value": one.p_value,
            "permutations": one.permutations,
            "permuted": one.permuted,
            "tested_at": tested_at,
        }
        for one in tested
    ]
    append(warehouse, "raw.tests", rows)


def append(warehouse: Warehouse, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows, all of the same columns; a column that they lack is null."""
    if rows:
        types = {row["name"]: row["type"] for row in warehouse.rows(statement("warehouse/columns"), {"table": table})}
        columns = ", ".join(f'"{name}": "{types[name]}"' for name in rows[0])
        for first in range(0, len(rows), ROWS_AT_ONCE):
            some = json.dumps(list(rows[first : first + ROWS_AT_ONCE]), default=str)
            warehouse.execute(INSERT.format(table=table, columns=columns), {"rows": some})
