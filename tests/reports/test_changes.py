"""The part on changes: its figure stays small over a year, and marks what it must."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from reports.changes import MOST_MARKS, changes_block, drift
from reports.charts_of_change import drift_over_days
from reports.looks import model_looks
from reports.names import series_labels
from reports.rows_of_change import DriftRow
from reports.view import INLINE_ROWS
from tasks.core.plan import SeriesKey

FIGURES = ("jaccard", "js_bits", "ks", "wasserstein_pp", "total_variation", "lt_nat")
FIRST = dt.date(2026, 1, 1)
FEW, MANY = 14, 365


def series(name: str, days: int, changes: dict[int, str], **figures: Any) -> Iterator[DriftRow]:
    """So many days of a series; those numbered in `changes` are alarms, or ours where the request changed."""
    for number in range(days):
        reason = changes.get(number)
        usual = {
            "day": FIRST + dt.timedelta(days=number),
            "answered": 50,
            "previous_day": FIRST + dt.timedelta(days=number - 1) if number else None,
            "grid_step_nat": None,
            "p_value": 0.3 if number else None,
            "q_value": 0.3 if number else None,
            "is_alarm": reason is not None and reason != "request changed",
            "reason": reason,
            "regime_first_day": FIRST,
            "is_restless": False,
            "baseline_first_day": FIRST if number else None,
            "baseline_last_day": FIRST if number else None,
            "baseline_days": min(number, 1),
            **dict.fromkeys(FIGURES),
            **{f"baseline_{figure}": None for figure in FIGURES},
            "baseline_wasserstein_pp": (5.0 if reason else 0.01) if number else None,
        }
        place = {"study": "s", "endpoint": "e", "model": name, "arm": "a", "prompt": "p"}
        yield DriftRow.model_validate({**place, **usual, **figures})


def labels(*names: str) -> dict[SeriesKey, str]:
    """The labels of these series."""
    return series_labels([SeriesKey("s", "e", name, "a", "p") for name in names])


def test_an_alarm_is_marked_by_shape_line_and_word() -> None:
    """And an edited request by a lighter line."""
    rows = [*series("m", FEW, {5: "distribution", 9: "request changed"})]
    figure = drift(rows)
    assert figure is not None
    svg = drift_over_days(figure, labels("m"), model_looks(["m"]), "alt")
    assert svg.count("shifted") == 1
    assert svg.count("request changed") == 1
    assert svg.count("var(--changed)") >= 2
    assert [mark.distance for mark in figure.panels[0].alarms] == [5.0]


def test_a_year_of_ten_series_is_joined_into_weeks_and_loses_no_alarm() -> None:
    """A figure holds so many marks; a joined period is as far as its farthest day."""
    names = [f"m{number}" for number in range(10)]
    rows = [row for name in names for row in series(name, MANY, {100: "values"})]
    figure = drift(rows)
    assert figure is not None
    assert sum(len(panel.marks) for panel in figure.panels) <= MOST_MARKS
    assert all(max(mark.distance for mark in panel.marks) == 5.0 for panel in figure.panels)
    assert sum(len(panel.alarms) for panel in figure.panels) == len(names)
    assert "joined into" in figure.note
    svg = drift_over_days(figure, labels(*names), model_looks(names), "alt")
    assert len(svg) < 300_000


def test_the_table_of_a_year_keeps_the_changes() -> None:
    """The CSV file holds every day."""
    rows = [*series("m", MANY, {100: "values", 200: "grid"})]
    block = changes_block(rows, drift(rows), labels("m"), None)
    assert block is not None
    table = block.figures[0].table
    assert [row[-1] for row in table.rows] == ["values", "grid"]
    assert table.note == "The changes among 364 days; the CSV file holds all."
    assert len(rows) > INLINE_ROWS


def test_the_command_that_shows_a_change_is_said() -> None:
    """The days before the last one, and those since."""
    rows = [*series("m", FEW, {5: "distribution", 9: "distribution"})]
    block = changes_block(rows, drift(rows), labels("m"), None)
    assert block is not None
    assert block.paragraphs[-1].endswith("flipbook compare s@2026-01-01..2026-01-09 s@2026-01-10..")


def test_quiet_days_are_no_news_and_one_day_is_no_part() -> None:
    """Nothing stands out; or nothing can."""
    rows = [*series("m", FEW, {})]
    block = changes_block(rows, drift(rows), labels("m"), None)
    assert block is not None
    assert block.paragraphs == ["No day stands out from the days before it."]
    assert changes_block(rows[:1], drift(rows[:1]), labels("m"), None) is None


def test_series_without_values_are_drawn_by_what_moved() -> None:
    """Total variation, on an axis of its own."""
    text = {"baseline_wasserstein_pp": None, "baseline_total_variation": 0.2}
    figure = drift([*series("m", FEW, {}), *series("t", FEW, {}, **text)])
    assert figure is not None
    assert {panel.key.model: panel.unit for panel in figure.panels} == {"m": "pp", "t": "share moved"}
