"""In which fields arms differ, read from the requests that were sent."""

import datetime as dt
import json
from typing import Any

import pytest

from reports.rows import SeriesRow
from reports.settings_of_arms import level_words, settings


def series(arm: str, **body: Any) -> SeriesRow:
    """A series with a request of its own."""
    figures = dict.fromkeys(SeriesRow.model_fields)
    day = dt.date(2026, 10, 1)
    return SeriesRow.model_validate(
        {
            **figures,
            "study": "s",
            "endpoint": "e",
            "model": "m",
            "arm": arm,
            "prompt": "p",
            "samples": 5,
            "observed": 0,
            "failures": 0,
            "unobserved": 0,
            "days": 1,
            "is_simulated": False,
            "first_day": day,
            "last_day": day,
            "clusters": {},
            "request": json.dumps({"model": "m", "messages": [], **body}),
        }
    )


CROSSED = [
    series("both", seed=123, temperature=0),
    series("seed", seed=123),
    series("zero", temperature=0),
    series("neither"),
]


def test_four_arms_that_cross_two_fields_are_a_factorial_design() -> None:
    """A field left out is a level like any other, and comes last."""
    made = settings(CROSSED, None)
    assert made.factors == ("seed", "temperature")
    assert made.levels("seed") == [123, None]
    assert made.numeric is None


@pytest.mark.parametrize(
    "arms",
    [
        CROSSED[:3],
        [*CROSSED[:3], series("other", temperature=1)],
        [*CROSSED[:3], series("neither", max_tokens=5)],
        [series(f"{n}", seed=n) for n in range(4)],
    ],
)
def test_any_other_design_is_not(arms: list[SeriesRow]) -> None:
    """A cell is missing, a level too many, a field too many, or one field alone."""
    assert settings(arms, None).factors is None


def test_arms_that_differ_in_one_number_stand_in_its_order() -> None:
    """By the number, not by the name."""
    made = settings([series(f"max-{n}", max_tokens=n) for n in (400, 25, 100)], None)
    assert made.numeric == "max_tokens"
    assert made.arms == ("max-25", "max-100", "max-400")


def test_arms_of_which_nothing_is_known_stand_in_the_order_of_the_numbers_in_their_names() -> None:
    """As on the index, which has no study's configuration."""
    made = settings([series(f"at-once-{n}") for n in (64, 1, 8)], None)
    assert made.arms == ("at-once-1", "at-once-8", "at-once-64")


def test_concurrency_comes_from_the_studys_configuration() -> None:
    """It is in no request; an arm without one has the study's."""
    configuration = {
        "concurrency": 64,
        "arms": [{"name": "alone", "concurrency": 1}, {"name": "eight", "concurrency": 8}, {"name": "all"}],
    }
    made = settings([series("all"), series("alone"), series("eight")], configuration)
    assert made.numeric == "concurrency"
    assert made.arms == ("alone", "eight", "all")
    assert made.differing["concurrency"] == {"alone": 1, "eight": 8, "all": 64}


def test_a_request_that_cannot_be_read_differs_in_nothing() -> None:
    """Recordings can hold anything."""
    broken = series("a").model_copy(update={"request": "{"})
    assert settings([broken, series("b").model_copy(update={"request": "[]"})], None).differing == {}


@pytest.mark.parametrize(
    ("field", "level", "words"),
    [
        ("seed", None, "no seed"),
        ("temperature", None, "the default temperature"),
        ("temperature", 0.0, "temperature 0"),
        ("seed", 123, "seed 123"),
        ("reasoning_effort", "low\u202e", "reasoning_effort low⟨U+202E⟩"),
        ("stop", ["\n"], 'stop ["\\n"]'),
    ],
)
def test_a_level_is_said_in_words(field: str, level: Any, words: str) -> None:
    """As a reader calls it."""
    assert level_words(field, level) == words
