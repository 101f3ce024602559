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
    """Test the tables that were not tested yet, and add up the months that are over; with `again` all.

    mart.association_overall adds months and the newest month's days up: a day's increment does not grow with the history.
    """
    at = dt.datetime.now(dt.UTC)
    rows = warehouse.rows(statement("test/untested_tables"), {"again": again})
    keep(warehouse, [_tested(row) for row in rows], at)
    months = warehouse.rows(statement("test/unsummed_months"), {"again": again})
    keep(warehouse, [_summed(row) for row in months], at)


def _tested(row: Mapping[str, Any]) -> Tested:
    table = _table(row)
    permuted = shuffled(table, row["table_id"]).tolist()
    statistic = shared_information(table)
    return Tested(row["table_id"], key_of(row), row["day"], "association", statistic, None, PERMUTATIONS, permuted)


def _summed(row: Mapping[str, Any]) -> Tested:
    part, draws = row["part_id"], row["permuted"]
    return Tested(part, key_of(row), row["day"], "association_month", row["statistic"], None, len(draws), draws)


def _table(row: Mapping[str, Any]) -> NDArray[np.float64]:
    """Counts of shape (clusters, fingerprints)."""
    cluster, fingerprint, n = np.array([list(cell.values()) for cell in row["cells"]]).T
    table = np.zeros((cluster.max(), fingerprint.max()))
    table[cluster - 1, fingerprint - 1] = n
    return table
