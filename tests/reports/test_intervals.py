"""Shares with their intervals, in words and cells, and the closed form against SciPy's."""

import pytest
from scipy.stats import binomtest

from reports import intervals
from tasks.core.statistics import wilson_interval


@pytest.mark.parametrize(
    ("events", "n"),
    [(0, 1), (1, 1), (0, 20), (10, 100), (3, 1_000), (3_391, 10_000), (9_999, 10_000), (1, 10**9), (10**9, 10**9)],
)
def test_the_closed_form_is_what_scipy_computes(events: int, n: int) -> None:
    """At the ends, in the middle, and for shares of a billion."""
    expected = binomtest(events, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(events, n) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("events", "n"), [(0, 0), (2, 1), (-1, 5)])
def test_an_interval_needs_trials_and_no_more_events_than_trials(events: int, n: int) -> None:
    """The sentence names both numbers."""
    with pytest.raises(ValueError, match=f"{events} of {n}"):
        wilson_interval(events, n)


def test_a_share_is_followed_by_its_interval() -> None:
    """To the digits that tell its ends apart, and apart from 0% and 100%."""
    assert intervals.in_words(3, 1_000) == "0.3%, 95% interval 0.1% to 0.9%"
    assert intervals.in_words(1, 1_000_000) == "0.0001%, 95% interval 0.00002% to 0.00057%"


@pytest.mark.parametrize(
    ("events", "n", "text"),
    [
        (3_391, 10_000, "33.0\N{EN DASH}34.8%"),
        (50, 50, "92.9\N{EN DASH}100.0%"),
        (0, 1_000, "< 0.3%"),
        (0, 3, "\N{EN DASH}"),
        (0, 0, "\N{EN DASH}"),
    ],
)
def test_a_cell_holds_the_interval_or_the_bound_that_none_leaves(events: int, n: int, text: str) -> None:
    """Wilson's interval; the rule of three at no event; a dash where so few calls bound nothing."""
    assert intervals.in_cell(events, n) == text
