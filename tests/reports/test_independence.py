"""Whether calls depend on each other: the verdict, its words, and how days are pooled."""

import csv
from pathlib import Path
from typing import Any

import pytest

from reports import independence
from reports.rows_of_calls import SequenceRow
from tasks.core.plan import SeriesKey

KEY = SeriesKey("s", "e", "m", "a", "p")


def row(pairs: int, repeats: int, expected: float | None) -> SequenceRow:
    """A series' repeats of one day."""
    rate = repeats / pairs if pairs else None
    figures: dict[str, Any] = {"pairs": pairs, "repeats": repeats, "repeat_rate": rate, "expected_rate": expected}
    return SequenceRow.model_validate({**KEY._asdict(), "day": None, **figures})


@pytest.mark.parametrize(
    ("pairs", "repeats", "expected", "verdict"),
    [
        (100, 80, 0.5, "more"),
        (100, 20, 0.5, "less"),
        (100, 55, 0.5, "as independent"),
        (1, 0, 0.5, "as independent"),
        (99, 99, 1.0, None),
        (99, 0, 0.0, None),
        (0, 0, None, None),
    ],
)
def test_the_interval_of_the_repeat_rate_decides(
    pairs: int, repeats: int, expected: float | None, verdict: str | None
) -> None:
    """Not defined for one sample, for one value, and where no value came twice."""
    assert row(pairs, repeats, expected).verdict == verdict


def test_runs_make_the_assumption_fail_and_the_page_says_what_follows() -> None:
    """The rate with its interval, the expected one, and that intervals and coverage claim too much."""
    assert independence.words([row(100, 80, 0.5)], {KEY: "m"}) == [
        "m: of 100 pairs of consecutive calls, 80 have the same value (80.0%, 95% interval 71.1% to 86.7%), more often "
        "than the 50.0% of independent calls: the assumption that calls do not depend on each other fails.",
        "Where values come in runs, the intervals on this page are too narrow and its coverage is too optimistic.",
    ]


def test_alternation_makes_it_fail_too() -> None:
    """Repeats that are too seldom say as much of dependence, and nothing of the direction of the error."""
    failure, consequence = independence.words([row(100, 0, 0.5)], {KEY: "m"})
    assert "0 have the same value (0%, 95% interval 0.0% to 3.7%), less often than the 50.0%" in failure
    assert consequence == "Where values alternate, the intervals and the coverage on this page can be wrong either way."


def test_otherwise_nothing_speaks_against_it_or_nothing_can_be_said() -> None:
    """Never that calls are independent."""
    assert independence.words([row(100, 55, 0.5)], {KEY: "m"}) == [
        "No sign of dependence for m, which few pairs would not show."
    ]
    assert independence.words([row(99, 99, 1.0)], {KEY: "m"}) == [
        "Not defined for m: that takes values that differ and come again."
    ]


def test_the_table_shows_the_interval_that_decided() -> None:
    """Wilson's at no repeat too, and series for which the assumption fails first."""
    other = KEY._replace(model="n")
    rows = [row(100, 55, 0.5), row(100, 0, 0.5).model_copy(update={"model": "n"})]
    figure = independence.section(rows, {KEY: "m", other: "n"}, "day_sequence").figure
    assert figure is not None
    assert figure.table.rows == [
        ("n", "100", "0%", "0.0\N{EN DASH}3.7%", "50.0%", "less often"),
        ("m", "100", "55.0%", "45.2\N{EN DASH}64.4%", "50.0%", "as independent calls"),
    ]


def test_all_days_are_pooled_by_their_pairs(site: Path) -> None:
    """The sums of pairs and repeats; the expected rates of the days weighed by pairs."""
    with (site / "local-coin" / "index.sequence.csv").open(encoding="utf-8", newline="") as file:
        rows = [line for line in csv.DictReader(file) if line["prompt"] == "coin"]
    (overall,) = [line for line in rows if not line["day"]]
    days = [line for line in rows if line["day"]]
    assert len(days) == 14
    assert int(overall["pairs"]) == sum(int(line["pairs"]) for line in days) == 14 * 49
    assert int(overall["repeats"]) == sum(int(line["repeats"]) for line in days)
    expected = sum(float(line["expected_rate"]) * int(line["pairs"]) for line in days) / (14 * 49)
    assert float(overall["expected_rate"]) == pytest.approx(expected)
    assert overall["verdict"] == "as independent"
