"""Distances against hand-computed numbers and scipy's."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp, wasserstein_distance

from tasks.core.distances import (
    Counts,
    Sides,
    TokenMeans,
    jaccard,
    js_bits,
    ks,
    lt_nat,
    pooled,
    sides_of_answers,
    total_variation,
    unshared,
    wasserstein_pp,
)

HALF, QUARTER, TENTH = math.log(0.5), math.log(0.25), math.log(0.1)
DISTANCES = (js_bits, ks, wasserstein_pp, total_variation, unshared)

counts = st.dictionaries(st.floats(-20, 0), st.integers(1, 50), min_size=1, max_size=12)


def sides_of_values(first: Counts, second: Counts) -> Sides:
    """Two counts by log-probability, on the axis of percentages."""
    values = sorted(first.keys() | second.keys())
    counts_of_sides = [np.array([side.get(value, 0) for value in values], dtype=float) for side in (first, second)]
    return Sides(np.array([100 * math.exp(value) for value in values]), *counts_of_sides)


def test_distances_by_hand() -> None:
    """3 of 4 at 50% and one at 25%, against 1 at 25% and 1 at 10%."""
    sides = sides_of_values({HALF: 3, QUARTER: 1}, {QUARTER: 1, TENTH: 1})
    assert sides.axis == pytest.approx([10, 25, 50])
    assert sides.first.tolist() == [0, 1, 3]
    assert sides.second.tolist() == [1, 1, 0]
    assert jaccard(sides) == pytest.approx(1 / 3)
    assert ks(sides) == pytest.approx(0.75)
    assert wasserstein_pp(sides) == pytest.approx(0.5 * 15 + 0.75 * 25)
    assert total_variation(sides) == pytest.approx(0.75)
    assert unshared(sides) == pytest.approx(0.75 + 0.5)
    expected = (0.25 * math.log2(0.25 / 0.375) + 0.75 + 0.5 * math.log2(0.5 / 0.375) + 0.5) / 2
    assert js_bits(sides) == pytest.approx(expected)


def test_answers_have_no_order() -> None:
    """Their shares are compared one by one."""
    sides = sides_of_answers({"Heads": 8, "Tails": 2}, {"Tails": 5, "Edge": 5})
    assert jaccard(sides) == pytest.approx(1 / 3)
    assert total_variation(sides) == pytest.approx(0.8)
    assert unshared(sides) == pytest.approx(0.8 + 0.5)


@pytest.mark.parametrize(("first", "second"), [({}, {HALF: 1}), ({HALF: 1}, {}), ({HALF: 0}, {HALF: 1})])
def test_a_side_without_samples_has_no_distance(first: Counts, second: Counts) -> None:
    """It is refused with a sentence."""
    with pytest.raises(ValueError, match="at least one sample"):
        sides_of_answers(first, second)


def test_nothing_in_common_is_as_far_as_can_be() -> None:
    """One bit, the whole of the mass, no value of both."""
    sides = sides_of_values({HALF: 7}, {QUARTER: 2})
    assert jaccard(sides) == 0
    assert [distance(sides) for distance in DISTANCES] == pytest.approx([1, 1, 25, 1, 2])


@given(counts)
@settings(max_examples=50, deadline=None)
def test_a_side_is_at_no_distance_from_itself(side: Counts) -> None:
    """Nor from twice itself: shares count."""
    for other in (side, {value: 2 * n for value, n in side.items()}):
        sides = sides_of_values(side, other)
        assert jaccard(sides) == 1
        assert [distance(sides) for distance in DISTANCES] == [0] * len(DISTANCES)


@given(counts, counts)
@settings(max_examples=50, deadline=None)
def test_distances_are_symmetric_and_bounded(first: Counts, second: Counts) -> None:
    """And none is 0 where shares differ, as far as doubles can tell."""
    there, back = sides_of_values(first, second), sides_of_values(second, first)
    width = there.axis[-1] - there.axis[0]
    for distance, most in zip(DISTANCES, (1, 1, width, 1, 2), strict=True):
        assert distance(there) == pytest.approx(distance(back))
        assert -1e-12 <= distance(there) <= most * (1 + 1e-9) + 1e-12
    assert 0 <= jaccard(there) == jaccard(back) <= 1
    assert (total_variation(there) > 0) == bool(np.any(there.shares[0] != there.shares[1]))
    assert ks(there) <= total_variation(there) + 1e-12


# The p-value of one sample a side, which nobody asked for, divides by zero.
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@given(counts, counts)
@settings(max_examples=50, deadline=None)
def test_distances_are_scipys(first: Counts, second: Counts) -> None:
    """Wasserstein over percent, Jensen-Shannon's distance squared, and the statistic of Kolmogorov and Smirnov."""
    sides = sides_of_values(first, second)
    shares = sides.shares
    # Neighbouring log-probabilities may be one double as percentages: scipy sorts them as such.
    assert wasserstein_pp(sides) == pytest.approx(wasserstein_distance(sides.axis, sides.axis, *shares), abs=1e-9)
    assert js_bits(sides) == pytest.approx(jensenshannon(*shares, base=2) ** 2, abs=1e-7)
    drawn = [np.repeat(np.arange(len(sides.axis)), side.astype(int)) for side in (sides.first, sides.second)]
    assert ks(sides) == pytest.approx(ks_2samp(*drawn, method="asymp").statistic)


def test_shares_of_many_draws_are_compared_at_once() -> None:
    """As the one pair that each of them is."""
    sides = Sides(np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.0, 3.0]), np.array([2.0, 2.0, 0.0]))
    assert wasserstein_pp(sides) == pytest.approx(0.25 + 0.75 * 2)


def test_log_probability_tracking_by_hand() -> None:
    """Tokens of either side; the one that a side lacks takes its mean minimum."""
    first = TokenMeans({"Heads": -0.1, "T": -2.5}, -5.0, 10)
    second = TokenMeans({"Heads": -0.3, "Tails": -4.0}, -6.0, 10)
    assert lt_nat(first, second) == pytest.approx((0.2 + 3.5 + 1.0) / 3)
    assert lt_nat(first, first) == 0
    assert lt_nat(first, second) == lt_nat(second, first)
    assert lt_nat(TokenMeans({}, 0.0, 1), TokenMeans({}, 0.0, 1)) is None


def test_days_of_tokens_weigh_as_their_samples() -> None:
    """A day without a token counts with its minimum."""
    days = [TokenMeans({"Heads": -0.1}, -5.0, 30), TokenMeans({"Heads": -0.5, "T": -1.0}, -3.0, 10)]
    both = pooled(days)
    assert both.n == 40
    assert both.minimum == pytest.approx(-4.5)
    assert both.means == pytest.approx({"Heads": -0.2, "T": (30 * -5.0 + 10 * -1.0) / 40})
