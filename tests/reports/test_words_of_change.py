"""Whether and when a series changed, from rows made by hand."""

import datetime as dt
from typing import Any

import pytest

from reports.rows_of_change import CountsRow, DriftRow
from reports.words_of_change import against_baseline, change_words, equally_many, over_days, word_of

PLACE = {"study": "s", "endpoint": "e", "model": "m", "arm": "a", "prompt": "p"}
FIGURES = ("jaccard", "js_bits", "ks", "wasserstein_pp", "total_variation", "lt_nat")


def day(number: int, **figures: Any) -> DriftRow:
    """A quiet day of October, compared with the days before it; the first has none."""
    is_first = number == 1
    usual = {
        "day": dt.date(2026, 10, number),
        "answered": 50,
        "previous_day": None if is_first else dt.date(2026, 10, number - 1),
        "grid_step_nat": None,
        "p_value": None if is_first else 0.4,
        "q_value": None if is_first else 0.5,
        "is_alarm": False,
        "reason": None,
        "regime_first_day": dt.date(2026, 10, 1),
        "is_restless": False,
        "baseline_first_day": dt.date(2026, 10, 1),
        "baseline_last_day": dt.date(2026, 10, max(1, number - 2)),
        "baseline_days": 0 if is_first else max(1, number - 2),
        **dict.fromkeys(FIGURES),
        **{f"baseline_{name}": None for name in FIGURES},
        "baseline_wasserstein_pp": None if is_first else 0.01,
        "baseline_jaccard": None if is_first else 1.0,
    }
    return DriftRow.model_validate({**PLACE, **usual, **figures})


def alarm(number: int, reason: str, **figures: Any) -> DriftRow:
    """A day that changed."""
    changed = {"baseline_wasserstein_pp": 0.4, "baseline_jaccard": 0.0, "q_value": 0.0004, **figures}
    return day(number, is_alarm=True, reason=reason, **changed)


QUIET = [day(number) for number in range(1, 15)]


def test_no_alarm_says_what_was_compared() -> None:
    """How many days, with how many calls; not how small a change they would have shown."""
    assert change_words(QUIET) == [
        "No alarm on any of the 13 days compared with days before them, with 50 calls a day."
    ]
    assert change_words(QUIET[:2]) == [
        "No alarm on the one day that could be compared with a day before it (50 calls)."
    ]
    (words,) = change_words([*QUIET[:4], day(5, answered=20)])
    assert words.endswith("4 days compared with days before them, with usually 50 calls a day.")


def test_too_few_calls_to_raise_an_alarm_are_no_quiet() -> None:
    """Drawn in any way, a day of two calls lies apart from fourteen others by chance too often."""
    few = [[day(number, answered=calls) for number in range(1, 15)] for calls in (2, 3)]
    assert [len(change_words(days)) for days in few] == [2, 1]
    assert change_words(few[0])[1] == "So few calls cannot raise one."


def test_one_day_cannot_have_changed() -> None:
    """Nor is it said that it has not; without any day nothing is said."""
    assert change_words(QUIET[:1]) == ["Whether it changes takes a second day with samples."]
    assert change_words([]) == []


@pytest.mark.parametrize(
    ("reason", "figures", "words"),
    [
        ("distribution", {}, "the distribution shifted by 0.4 pp (q = 0.0004)"),
        (
            "distribution, values",
            {"q_value": 0.00005},
            "the distribution shifted by 0.4 pp and none of its values was seen on quiet days before (q < 0.0001)",
        ),
        (
            "values",
            {"baseline_jaccard": 0.25},
            "of all values before and since, 25% are common (q = 0.0004)",
        ),
        (
            "answers",
            {"baseline_total_variation": 0.45, "baseline_wasserstein_pp": None},
            "none of its completions was seen on quiet days before, 45% of the answers moved (q = 0.0004)",
        ),
        ("fingerprint born: fp_b", {}, "fingerprint fp_b appeared"),
        ("fingerprint born: fp_b, fingerprint gone: fp_a", {}, "fingerprint fp_b appeared and fingerprint fp_a went"),
        ("grid", {"grid_step_nat": 1 / 16}, "the logit grid is 1/16 nat, and was 1/64 nat"),
    ],
)
def test_a_change_is_told_with_its_reason(reason: str, figures: dict[str, Any], words: str) -> None:
    """And with what the reason was measured by."""
    before = [day(number, grid_step_nat=1 / 64) for number in range(1, 7)]
    assert change_words([*before, alarm(7, reason, **figures), day(8)]) == [f"It changed on 2026-10-07: {words}."]


def test_several_changes_are_counted_and_the_last_ones_told() -> None:
    """Of those days that could be compared."""
    rows = [day(1), *[alarm(n, "distribution") if n % 2 else day(n) for n in range(2, 15)]]
    words = change_words(rows)
    assert words[0] == "It changed on 6 of 13 days that have days before them; the last four."
    assert [sentence[:13] for sentence in words[1:]] == [f"On 2026-10-{n:02}" for n in (7, 9, 11, 13)]


def test_an_edited_request_is_no_alarm() -> None:
    """Days are compared anew from there."""
    edited = day(5, reason="request changed", p_value=None, q_value=None)
    words = change_words([*QUIET[:4], edited, *QUIET[5:]])
    assert words == ["No alarm on any of the 12 days compared with days before them, with 50 calls a day."]
    assert against_baseline(edited) == ["Its request was changed on this day: it is compared with no day before."]


def test_a_restless_series_says_so() -> None:
    """Its days keep differing."""
    assert change_words([*QUIET[:5], day(6, is_restless=True)])[-1].startswith("Its days keep differing")


def test_a_day_beside_its_baseline() -> None:
    """Quiet with its p-value, changed with its reason, and the first day with nothing."""
    assert against_baseline(QUIET[6]) == [
        "Against the 5 quiet days from 2026-10-01 to 2026-10-05, its values lie 0.01 pp apart: "
        "chance gives as much (p = 0.4)."
    ]
    assert against_baseline(alarm(3, "distribution")) == [
        "Against 2026-10-01, it changed: the distribution shifted by 0.4 pp (q = 0.0004)."
    ]
    assert against_baseline(QUIET[0]) == []


def counts(number: int, *seen: int) -> CountsRow:
    """How often each value of a day was seen."""
    return CountsRow.model_validate({**PLACE, "day": dt.date(2026, 10, number), "counts": list(seen)})


def test_days_are_compared_in_equally_many_calls() -> None:
    """Of days as large as each other their values; else what the smallest would show; tiny days are left out."""
    assert over_days([counts(1, 5, 5), counts(2, 10)]) == ["A day shows between 1 and 2 values, over 2 days."]
    assert over_days([counts(1, 5), counts(2, 5)]) == ["Each of the 2 days shows 1 value."]
    assert over_days([counts(1, 2, 2), counts(2, 3), counts(3, 1)]) == [
        "A day shows between 1 and 2 values in 3 calls, over 2 of 3 days."
    ]
    assert over_days([counts(1, 5)]) == []


def test_a_day_and_the_one_before_in_equally_many_calls() -> None:
    """Nothing where both have as many."""
    both = [counts(1, 4), counts(2, 1, 1)]
    words = ["In 2 calls of each, it shows 2.00 different values, and the day before 1.00."]
    assert equally_many(both, dt.date(2026, 10, 2)) == words
    assert equally_many([counts(1, 2), counts(2, 1, 1)], dt.date(2026, 10, 2)) == []


@pytest.mark.parametrize(
    ("reasons", "word"),
    [
        (["distribution", "values"], "shifted"),
        (["values", "fingerprint born: x"], "new fingerprint"),
        (["grid", "distribution"], "other grid"),
        (["request changed"], "request changed"),
        (["something later"], "changed"),
    ],
)
def test_a_line_has_one_word(reasons: list[str], word: str) -> None:
    """The most telling one."""
    assert word_of(reasons) == word
