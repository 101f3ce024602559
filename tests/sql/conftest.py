"""Marts of a few lines: land them, make the marts, look at rows."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from tasks.aggregate import PatternRow, PriceRow, aggregate
from tasks.warehouse import Warehouse

Rows = list[dict[str, Any]]


@pytest.fixture
def marts(warehouse: Warehouse, land: Callable[..., Any]) -> Callable[..., Callable[[str], Rows]]:
    """Lands lines and makes the marts; gives a function that runs a query on them."""

    def make(
        lines: Iterable[dict[str, Any]], prices: Sequence[PriceRow] = (), patterns: Sequence[PatternRow] = ()
    ) -> Callable[[str], Rows]:
        aggregate(warehouse, land(lines).days, prices, patterns)
        return warehouse.rows

    return make
