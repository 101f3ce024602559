"""Hour and weekday: has the core ask whether they move the probability, and keeps what it says."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np

from tasks.core.canonical import canonical_json, digest
from tasks.core.effects import Cells, effects
from tasks.shown_days import key_of
from tasks.sql_files import statement
from tasks.tested import Tested, keep
from tasks.warehouse import Warehouse


def run(warehouse: Warehouse, *, again: bool = False) -> None:
    """Ask it of the series where something else goes in now, or `again` of all."""
    rows = {_hash(row): row for row in warehouse.rows(statement("test/cells_by_hour"))}
    # The latest, not any: where a day was withheld and counts again, what went in before is what goes in now.
    before = set() if again else set(warehouse.column(statement("test/latest_effects")))
    tested = [one for found, row in rows.items() if found not in before for one in _tested(found, row)]
    keep(warehouse, tested, dt.datetime.now(dt.UTC))


def _hash(row: Mapping[str, Any]) -> str:
    return digest(canonical_json(list(row.values())))


def _tested(found: str, row: Mapping[str, Any]) -> list[Tested]:
    cells = Cells(*(np.array(row[name]) for name in ("days", "hours", "n", "means_pct")))
    key = key_of(row)
    figures = []
    for effect in effects(cells, found):
        figures.append(
            Tested(found, key, None, effect.name, effect.explained_share, effect.p_value, effect.permutations)
        )
        figures += [
            Tested(found, key, None, f"{effect.name} {name}", getattr(effect, name)) for name in ("groups", "days")
        ]
    return figures
