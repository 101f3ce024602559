"""The sentences, from rows made by hand."""

import datetime as dt
from typing import Any

import pytest

from reports import sentences
from reports.rows import SpreadRow
from reports.rows_of_calls import LifetimeRow, RequestRow

PLACE = {"study": "s", "endpoint": "e", "model": "m", "arm": "a", "prompt": "p"}


def row(**figures: Any) -> SpreadRow:
    """A spread of ten samples, all observed, two values."""
    usual = {
        "samples": 10,
        "observed": 10,
        "failures": 0,
        "unobserved": 0,
        "distinct_values": 2,
        "min_pct": 10.0,
        "max_pct": 20.0,
        "range_pp": 10.0,
        "modal_pct": 20.0,
        "modal_share": 0.6,
        "effective_values": 1.9,
        "gini_simpson": 0.5,
        "chao1": 2.0,
        "unseen_mass": 0.0,
        "coverage": 1.0,
    }
    return SpreadRow.model_validate({**PLACE, **usual, **figures})


NOTHING = {"observed": 0, "distinct_values": 0, "min_pct": None, "max_pct": None, "modal_pct": None}


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        (
            {},
            "m gave 2 different probabilities of Heads in 10 identical calls, from 10.00% to 20.00%; "
            "the most frequent, 20.00%, in 60%.",
        ),
        (
            {"distinct_values": 1, "min_pct": 20.0},
            "m gave the same probability of Heads, 20.00%, in all 10 identical calls.",
        ),
        ({"observed": 1, "distinct_values": 1}, "m was observed once: a probability of Heads of 20.00%."),
        ({**NOTHING, "failures": 10}, "All 10 calls of m failed: nothing is known of its answers."),
        (
            {**NOTHING, "failures": 4, "unobserved": 6},
            "None of the 10 calls of m listed Heads: its probability is not observable.",
        ),
        (
            NOTHING,
            "The 10 calls of m returned no usable log-probabilities: how its probabilities vary is not observable.",
        ),
    ],
)
def test_the_answer_of_a_series(figures: dict[str, Any], sentence: str) -> None:
    """However much was observed, there is one first sentence."""
    assert sentences.spread("m", "Heads", row(**figures), 2, 0.01)[0] == sentence


def test_the_likeliest_token_is_named_as_such() -> None:
    """Where no token is followed."""
    assert "of its likeliest first token" in sentences.spread("m", None, row(), 2, 0.01)[0]


def test_calls_that_the_figures_do_without_are_counted_by_reason() -> None:
    """Each reason with its number; nothing where none is left out."""
    left = sentences.left_out(row(observed=4, failures=3, unobserved=2))
    assert left == ["Of all 10 calls, 3 failed, 2 did not list the token and 1 had no usable log-probability."]
    assert sentences.left_out(row()) == []


def test_what_was_not_seen_yet_is_said_with_its_chance() -> None:
    """By the unseen mass and the lower bound of what exists."""
    words = sentences.how_sure("m", row(unseen_mass=0.1, chao1=4.6))
    assert words == [
        "m: the next call shows a new value with a chance of about 10.0%; 2 values were seen and at least 5 exist."
    ]
    assert sentences.how_sure("m", row()) == ["m: every value was seen at least twice in 10 calls."]


def test_many_fingerprints_are_summed_up() -> None:
    """The four most frequent by name, with their shares of all answers."""
    day = dt.date(2026, 10, 1)
    lives = [
        LifetimeRow.model_validate(
            {
                **PLACE,
                "system_fingerprint": f"fp_{n}",
                "first_day": day,
                "last_day": day,
                "days_seen": 1,
                "n": n,
                "status": "active",
            }
        )
        for n in range(1, 7)
    ]
    (sentence,) = sentences.fingerprints(lives, 21)
    assert (
        sentence == "Six fingerprints served them: fp_6 (28.6%), fp_5 (23.8%), fp_4 (19.0%), fp_3 (14.3%) and 2 others."
    )


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        (["a Heads"], []),
        (["a Heads", "b Heads"], ["Its request changed; these figures are about the one sent from 2026-03-02."]),
        (
            ["b Heads", "a Heads", "a T"],
            ["Another token is followed since 2026-03-03; these figures are about that one."],
        ),
    ],
)
def test_figures_are_about_what_was_asked_last(edits: list[str], said: list[str]) -> None:
    """Its request, or the token that is followed."""
    days = [dt.date(2026, 3, number) for number in range(1, 1 + len(edits))]
    rows = [
        RequestRow(**PLACE, request_id=edit.split()[0], follow=edit.split()[1], first_day=day, last_day=day)
        for edit, day in zip(edits, days, strict=True)
    ]
    assert sentences.request_changed(rows) == said
