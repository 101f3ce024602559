"""A series' last days in the space of a word: each day's range as a stroke, its most frequent value as a dot."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from reports.axis import log_odds
from reports.rows import SparkRow
from reports.rows_of_texts import TextDayRow

WIDTH, HEIGHT, MARGIN = 136, 30, 3


@dataclass(frozen=True, slots=True)
class Spark:
    """Two SVG paths and what they show, in words."""

    ranges: str
    modes: str
    text: str


def sparkline(rows: Sequence[SparkRow], first: dt.date, last: dt.date) -> Spark | None:
    """The days between two days, on a log-odds scale of the series' own; None for fewer than two days."""
    seen = [row for row in rows if row.min_pct is not None and row.max_pct is not None and row.modal_pct is not None]
    if len(seen) < 2:
        return None
    low = min(log_odds(row.min_pct or 0) for row in seen)
    high = max(log_odds(row.max_pct or 0) for row in seen)

    def x(row: SparkRow) -> str:
        return _number(_place((row.day - first).days, 0, (last - first).days, WIDTH))

    def y(percentage: float | None) -> str:
        return _number(HEIGHT - _place(log_odds(percentage or 0), low, high, HEIGHT))

    return Spark(
        ranges="".join(f"M{x(row)} {y(row.min_pct)}V{y(row.max_pct)}" for row in seen if row.min_pct != row.max_pct),
        modes="".join(f"M{x(row)} {y(row.modal_pct)}h0" for row in seen),
        text=f"{len(seen)} days with values, at most {max(row.distinct_values or 0 for row in seen)} a day",
    )


def text_sparkline(rows: Sequence[TextDayRow], first: dt.date, last: dt.date) -> Spark | None:
    """Each day's unique completions as a stroke, up to its calls at most; None for fewer than two days."""
    if len(rows) < 2:
        return None
    most = max(row.observed for row in rows)
    places = [
        (
            _number(_place((row.day - first).days, 0, (last - first).days, WIDTH)),
            _number(HEIGHT - _place(row.unique_completions, 0, most, HEIGHT)),
        )
        for row in rows
    ]
    return Spark(
        ranges="".join(f"M{x} {HEIGHT - MARGIN}V{y}" for x, y in places),
        modes="".join(f"M{x} {y}h0" for x, y in places),
        text=f"{len(rows)} days with completions, at most {max(row.unique_completions for row in rows)} different ones "
        f"a day, of {most} calls",
    )


def _place(at: float, low: float, high: float, length: float) -> float:
    """Where a number lies within a length, inside its margins; in the middle where there is only one."""
    part = (at - low) / (high - low) if high > low else 0.5
    return MARGIN + part * (length - 2 * MARGIN)


def _number(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")
