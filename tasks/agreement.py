"""Distances between a day's completions: the core measures them, and raw.tests keeps them by what went in."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from tasks.core.plan import SeriesKey
from tasks.core.texts import MOST_CHARACTERS, Distances, edit_distances, embedding_distances
from tasks.sql_files import statement
from tasks.tested import Tested, keep
from tasks.warehouse import Warehouse

Row = dict[str, Any]


def run(warehouse: Warehouse, days: Collection[dt.date], *, again: bool = False) -> None:
    """Measure what nobody has measured yet of the completions of `days`; with `again` all of it.

    Reads mart.divergence_by_day, mart.completion_counts_by_day, mart.distance_inputs_by_day and raw.embeddings, and
    appends `edit_distance_first`, `edit_distance_pairs`, `embedding_distance_first` and `embedding_distance_pairs` to
    raw.tests. Where a day has fewer than two different completions there is nothing to measure.
    """
    measured_at = dt.datetime.now(dt.UTC)
    unmeasured = warehouse.rows(statement("agreement/unmeasured"), {"days": sorted(days), "again": again})
    tested = [one for row in unmeasured for one in _tested(row, _measured(warehouse, row))]
    keep(warehouse, tested, measured_at)


def _measured(warehouse: Warehouse, row: Row) -> Distances:
    """Of one series and day: one at a time in memory, since texts can be long."""
    if row["kind"] == "edit":
        completions = warehouse.rows(statement("agreement/completions"), row | {"characters": MOST_CHARACTERS})
        return edit_distances([one["text"] for one in completions], _counts(completions), row["input_hash"])
    embedded = warehouse.rows(statement("agreement/embeddings"), row)
    if len({len(one["embedding"]) for one in embedded}) > 1:
        # A model that changed its dimensions under the same name: no cosine is defined.
        return Distances(None, None)
    return embedding_distances([one["embedding"] for one in embedded], _counts(embedded))


def _counts(rows: list[Row]) -> list[int]:
    return [row["n"] for row in rows]


def _tested(row: Row, distances: Distances) -> list[Tested]:
    key = SeriesKey(*(row[column] for column in SeriesKey._fields))
    return [
        Tested(row["input_hash"], key, row["day"], f"{row['kind']}_distance_{name}", statistic)
        for name, statistic in distances._asdict().items()
    ]
