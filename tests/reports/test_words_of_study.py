"""What the series of a study have in common, from rows made by hand."""

import datetime as dt
from typing import Any

from reports.order import by_arm
from reports.rows import DayRow, SeriesRow
from reports.rows_of_change import DriftRow
from reports.rows_of_texts import TextRow
from reports.words_of_study import changed_words, days_without_calls, own_gaps, varying_words
from tasks.core.plan import SeriesKey

DAY = dt.date(2026, 10, 11)
SPREAD: dict[str, Any] = {
    **dict.fromkeys(("min_pct", "max_pct", "range_pp", "modal_pct", "modal_share", "effective_values")),
    **dict.fromkeys(("gini_simpson", "chao1", "unseen_mass", "coverage")),
    "samples": 9,
    "failures": 0,
    "unobserved": 0,
}


def place(number: int, arm: str = "a") -> dict[str, str]:
    """A series of a study."""
    return {"study": "s", "endpoint": "e", "model": f"m{number}", "arm": arm, "prompt": "p"}


def series(number: int, values: int | None, observed: int = 9, arm: str = "a") -> SeriesRow:
    """A series with so many values."""
    days = {"first_day": DAY, "last_day": DAY, "days": 1, "is_simulated": False, "served_models": []}
    rest: dict[str, Any] = {"request": None, "follow": None, "token": None, "clusters": {}}
    counts = {"observed": observed, "distinct_values": values}
    return SeriesRow.model_validate({**place(number, arm), **SPREAD, **counts, **days, **rest})


def labels(*rows: SeriesRow) -> dict[SeriesKey, str]:
    """By model."""
    return {row.key: row.model for row in rows}


def test_how_many_series_vary_is_one_sentence() -> None:
    """With the ends and whose they are; a series of one call is none of them."""
    rows = [series(1, 5), series(2, 2), series(3, 1), series(4, 1, observed=1), series(5, None, observed=0)]
    assert varying_words(rows, {}, labels(*rows)) == [
        "2 of 3 series gave more than one value to identical calls: from 2 (m2) to 5 (m1)."
    ]
    same = [series(1, 1), series(2, 1)]
    assert varying_words(same, {}, labels(*same)) == [
        "Each of 2 series gave one and the same value in all its identical calls."
    ]
    alike = [series(1, 3), series(2, 3)]
    assert varying_words(alike, {}, labels(*alike))[0].endswith(
        "Both series gave more than one value to identical calls: 3 each."
    )
    assert varying_words(rows[:1], {}, labels(*rows)) == []


def test_texts_are_counted_by_completion() -> None:
    """Series that are told by them are in no sentence on values."""
    rows = [series(1, 5), series(2, 2)]
    lengths = {"longest_tokens": 9, "longest_chars": 40, "mean_tokens": 9.0}
    texts = {
        row.key: TextRow.model_validate(
            {**place(n), "answered": 9, "unique_completions": n, "modal_n": 9, "sizes": {9: 1}, **lengths}
        )
        for n, row in enumerate(rows, start=1)
    }
    assert varying_words(rows, texts, labels(*rows)) == [
        "1 of 2 series gave more than one completion to identical calls: m2, 2."
    ]


def drifted(number: int, alarm: int | None) -> list[DriftRow]:
    """Three days of October, of which one may be an alarm."""
    figures = dict.fromkeys(
        f"{side}{name}"
        for side in ("", "baseline_")
        for name in ("jaccard", "js_bits", "ks", "wasserstein_pp", "total_variation", "lt_nat")
    )
    rest: dict[str, Any] = dict.fromkeys(
        ("grid_step_nat", "regime_first_day", "baseline_first_day", "baseline_last_day")
    )
    return [
        DriftRow.model_validate(
            {
                **place(number), **figures, **rest, "day": dt.date(2026, 10, day), "answered": 9, "q_value": 0.5,
                "previous_day": None, "p_value": 0.5, "is_alarm": day == alarm, "reason": "values" if day == alarm else None,
                "is_restless": False, "baseline_days": 1,
            }
        )
        for day in (1, 2, 3)
    ]  # fmt: skip


def test_which_series_changed_is_said_with_their_days() -> None:
    """Or that none of those which could be compared did."""
    rows = [series(1, None, 0), series(2, None, 0), series(3, None, 0)]
    drift = {row.key: drifted(n, alarm) for n, (row, alarm) in enumerate(zip(rows, (2, 2, 3), strict=True), start=1)}
    (words,) = changed_words(drift)
    assert words == "3 of 3 series changed on 2026-10-02 (2) and 2026-10-03 (1)."
    quiet = {row.key: drifted(n, None) for n, row in enumerate(rows, start=1)}
    assert changed_words(quiet) == ["No alarm in any of the 3 series whose days could be compared."]


def of_day(day: dt.date) -> DayRow:
    """A day of a series."""
    return DayRow.model_validate({**place(1), **SPREAD, "observed": 9, "distinct_values": 1, "day": day})


def test_a_gap_of_weeks_and_an_end_are_said_in_words() -> None:
    """What all series of the study have is said once; a weekend is no gap."""
    september, october = dt.date(2026, 9, 1), dt.date(2026, 10, 1)
    every = [of_day(september), of_day(october), of_day(october + dt.timedelta(days=3))]
    assert days_without_calls(every) == ["Nothing was asked from 2026-09-02 to 2026-09-30 (29 days)."]
    assert own_gaps(every, every, every[-1].day) == []
    assert own_gaps(every[:1], every, every[-1].day) == [
        "It ended on 2026-09-01, 33 days before the newest of the study."
    ]
    assert own_gaps(every[1:], every, every[-1].day) == ["It began on 2026-10-01, 30 days after the study."]
    middle = [*every, of_day(dt.date(2026, 9, 15))]
    assert own_gaps(every, middle, every[-1].day) == ["It was not asked from 2026-09-02 to 2026-09-30 (29 days)."]
    assert days_without_calls([]) == own_gaps([], [], None) == []


def test_arms_stand_in_one_order_under_each_model() -> None:
    """Models as they come; of a single arm, everything as it comes."""
    rows = [series(2, 9, arm="b"), series(1, 5, arm="b"), series(1, 4, arm="a"), series(2, 1, arm="a")]
    assert [(row.model, row.arm) for row in by_arm(rows, ["a", "b"])] == [
        ("m2", "a"), ("m2", "b"), ("m1", "a"), ("m1", "b"),
    ]  # fmt: skip
    assert by_arm(rows[:2], ["b"]) == rows[:2]
