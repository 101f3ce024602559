"""How often a value follows itself: what of it is pooled over days."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.aggregate import aggregate
from tasks.warehouse import Warehouse


def test_only_days_of_the_last_request_are_pooled(
    warehouse: Warehouse, land: Callable[..., Any], line: Callable[..., dict[str, Any]]
) -> None:
    """As in mart.spread_overall: the day before the request was edited has a row of its own and is in no sum."""
    edited = {"model": "gpt-4o", "messages": [], "seed": 2}
    lines = [line() for _ in range(9)] + [
        line("2026-03-02", top={"Heads": 90.0 + i % 2}, request=edited) for i in range(4)
    ]
    aggregate(warehouse, land(lines).days, [])
    rows = warehouse.report("study_sequence", {"study": "coin-flip"})
    assert [(row["day"] and row["day"].day, row["pairs"], row["repeats"]) for row in rows] == [
        (None, 3, 0),
        (1, 8, 8),
        (2, 3, 0),
    ]
    assert rows[0]["expected_rate"] == pytest.approx(4 / 12)
