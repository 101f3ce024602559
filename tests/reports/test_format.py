"""Numbers, days and foreign text as a page shows them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import format as f


def test_percentages_get_as_many_digits_as_tell_them_apart() -> None:
    """Two at least; more where neighbours are closer, or where rounding would say 0% or 100% of what is neither."""
    assert f.percent_digits([85.185, 98.9009, 96.2661]) == 2
    assert f.percent_digits([85.1854379113, 85.1854455275]) == 5
    assert f.percent_digits([99.9991]) == 3
    assert f.percent_digits([]) == 2
    assert f.percent_digits([100.0, 0.0]) == 2


@given(st.lists(st.floats(0, 100).map(lambda p: round(p, 9)), min_size=2, max_size=20, unique=True))
def test_different_percentages_look_different(percentages: list[float]) -> None:
    """Values a billionth of a percent apart are still told apart."""
    digits = f.percent_digits(percentages)
    assert len({f.percent(p, digits) for p in percentages}) == len(percentages)


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "0%"), (1.0, "100%"), (0.3391, "33.9%"), (0.0009, "0.09%"), (0.99991, "99.991%"), (None, f.NOT_OBSERVABLE)],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(fraction: float | None, text: str) -> None:
    """Only 0 is 0% and only 1 is 100%; what is not defined says so."""
    assert f.share(fraction) == text


def test_numbers_have_the_digits_that_matter() -> None:
    """Three significant ones, without an exponent, and thousands apart; what is left of equal numbers is nothing."""
    assert f.significant(1 - (0.1 + 0.2) / 0.3) == "0"
    assert [f.significant(n) for n in (59.998, 0.0009, 13.7154, 0, 12345.6)] == [
        "60.0",
        "0.0009",
        "13.7",
        "0",
        "12,346",
    ]
    assert f.points(13.7154) == "13.7 pp"
    assert f.points(None) == f.NOT_OBSERVABLE


def test_an_unknown_cost_is_never_zero() -> None:
    """Unknown is a word; a small cost keeps two digits."""
    assert [f.dollars(usd) for usd in (None, 0.0, 0.00123, 12.345)] == ["unknown", "$0.00", "$0.0012", "$12.35"]


def test_durations_are_words() -> None:
    """By their two largest units."""
    assert [f.duration(s) for s in (0.2, 61, 3600, 93_784)] == [
        "under a second",
        "1 minute 1 second",
        "1 hour",
        "1 day 2 hours",
    ]


def test_periods_of_days() -> None:
    """One day stands alone; no day is a dash."""
    first = dt.date(2026, 3, 4)
    assert f.days(first, first) == "2026-03-04"
    assert f.days(first, dt.date(2026, 3, 5)) == "2026-03-04 to 2026-03-05"
    assert f.day(None) == f.NONE


@pytest.mark.parametrize(
    "character", ["\x00", "\x07", "\x7f", "\x85", "\u202e", "\u2066", "\u200b", "\u2028", "\ud800", "\u00a0"]
)
def test_what_cannot_be_seen_is_made_visible(character: str) -> None:
    """Controls, bidirectional marks, zero-width characters, lone surrogates and odd spaces."""
    assert f.visible(f"a{character}b") == f"a⟨U+{ord(character):04X}⟩b"


def test_text_from_right_to_left_keeps_its_direction_to_itself() -> None:
    """It is isolated, so that it cannot reorder the sentence around it."""
    assert f.visible("\u05e9\u05dc") == "\u2068\u05e9\u05dc\u2069"


@given(st.text())
def test_visible_text_can_always_be_written(text: str) -> None:
    """Whatever a model sends, a page is UTF-8."""
    f.visible(text).encode("utf-8")
