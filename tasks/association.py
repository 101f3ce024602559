"""Clusters against fingerprints: has the core shuffle each day's table once, and keeps what came of it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.core.association import PERMUTATIONS, shared_information, shuffled
from tasks.shown_days import key_of
from tasks.sql_files import statement
from tasks.tested import Tested, keep
from tasks.warehouse import Warehouse


def run(warehouse: Warehouse, *, again: bool = False) -> None:
    """Test the tables that were not tested yet; with `again` all. mart.association_overall adds the days up."""
    rows = warehouse.rows(statement("test/untested_tables"), {"again": again})
    keep(warehouse, [_tested(row) for row in rows], dt.datetime.now(dt.UTC))


def _tested(row: Mapping[str, Any]) -> Tested:
    table = _table(row)
    permuted = shuffled(table, row["table_id"]).tolist()
    statistic = shared_information(table)
    return Tested(row["table_id"], key_of(row), row["day"], "association", statistic, None, PERMUTATIONS, permuted)


def _table(row: Mapping[str, Any]) -> NDArray[np.float64]:
    """Counts of shape (clusters, fingerprints)."""
    cluster, fingerprint, n = np.array([list(cell.values()) for cell in row["cells"]]).T
    table = np.zeros((cluster.max(), fingerprint.max()))
    table[cluster - 1, fingerprint - 1] = n
    return table
