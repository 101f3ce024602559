"""Dependence between samples and differences between days, by hand and of known make."""

import math

import numpy as np
import pytest

from tasks.core.dependence import (
    LONGEST,
    Days,
    Repeats,
    design_effect_within,
    overdispersion,
    overdispersion_of_days,
)
from tasks.core.distances import Array

AXIS = np.array([10.0, 20.0])
NO_REPEATS = Repeats(0, 0, 0.0)


def in_blocks(values: Array) -> Array:
    """Counts of 0 and 1 in twenty blocks; shape of values: (days, samples)."""
    days, n = values.shape
    counts = np.zeros((days, 20, 2))
    np.add.at(counts, (np.arange(days)[:, np.newaxis], np.arange(n) * 20 // n, values.astype(int)), 1)
    return counts


def test_repeats_beyond_chance_are_a_design_effect() -> None:
    """Half of those that could be more: (1 + 1/2) / (1 - 1/2)."""
    assert Repeats(100, 60, 20.0).design_effect == pytest.approx(3)
    assert Repeats(100, 20, 20.0).design_effect == 1
    assert Repeats(100, 10, 20.0).design_effect == 1
    assert Repeats(100, 100, 20.0).design_effect == pytest.approx((1 + LONGEST) / (1 - LONGEST))


@pytest.mark.parametrize("repeats", [NO_REPEATS, Repeats(49, 49, 49.0)], ids=["none", "all equal"])
def test_where_nothing_can_repeat_nothing_depends(repeats: Repeats) -> None:
    """No pairs; or all values equal, by chance as well."""
    assert repeats.design_effect == 1
    assert not repeats.are_more


def test_repeats_are_more_beyond_two_standard_errors() -> None:
    """Of 100 pairs with 20 expected, the error is 4."""
    assert not Repeats(100, 28, 20.0).are_more
    assert Repeats(100, 29, 20.0).are_more


def test_overdispersion_by_hand() -> None:
    """Two units of two samples, (2, 0) and (1, 1): shares 1 and 1/2 around 3/4, over an axis 10 wide."""
    scatter, expected = overdispersion(np.array([[2.0, 0.0], [1.0, 1.0]]), AXIS)
    assert scatter == pytest.approx(10 * 2 * 2 / 16)
    assert expected == pytest.approx(10 * 3 / 16 * 4 / 3)
    scatter, expected = overdispersion(np.array([[2.0, 0.0], [1.0, 1.0]]), None)
    assert scatter == pytest.approx(2 * 2 * 2 / 16)
    assert expected == pytest.approx(2 * 3 / 16 * 4 / 3)


def test_units_without_samples_do_not_count() -> None:
    """A block that holds nothing, and one unit alone."""
    units = np.array([[2.0, 0.0], [1.0, 1.0]])
    with_empty = np.array([[0.0, 0.0], *units])
    assert overdispersion(with_empty, AXIS) == pytest.approx(overdispersion(units, AXIS))
    assert overdispersion(units[:1], AXIS) == pytest.approx((0, 0))


def test_independent_samples_scatter_as_expected() -> None:
    """One on average, over many days."""
    units = np.random.default_rng(1).multinomial(50, [0.2, 0.3, 0.5], size=2000).astype(float)
    for axis in (np.array([1.0, 2.0, 5.0]), None):
        scatter, expected = overdispersion(units, axis)
        assert scatter / expected == pytest.approx(1, abs=0.1)


def test_independent_samples_have_no_design_effect() -> None:
    """Blocks that differ as chance has it: exactly 1."""
    values = np.random.default_rng(2).random((10, 60)) < 0.4
    days = Days(AXIS, in_blocks(values))
    assert design_effect_within(days, Repeats(590, 300, 0.52 * 590), AXIS) == 1


def test_values_that_are_kept_for_a_while_have_one() -> None:
    """Kept for ten samples on average: a design effect of about nineteen, in long days."""
    rng = np.random.default_rng(3)
    values = np.empty((5, 2000), dtype=bool)
    for day in values:
        drawn, keeps = rng.random(2000) < 0.4, rng.random(2000) < 0.9
        for at in range(2000):
            day[at] = day[at - 1] if at and keeps[at] else drawn[at]
    pairs = 5 * 1999
    repeats = int((values[:, 1:] == values[:, :-1]).sum())
    effect = design_effect_within(Days(AXIS, in_blocks(values)), Repeats(pairs, repeats, 0.52 * pairs), AXIS)
    assert 14 < effect < 40


def test_days_that_differ_are_overdispersed() -> None:
    """Six days of a hundred, of one value or the other: each a sample of its own; and three alike ones."""
    counts = np.array([[100.0, 0.0], [0.0, 100.0]] * 3)[:, np.newaxis]
    between = overdispersion_of_days(Days(AXIS, counts), AXIS)
    assert between is not None
    assert between.estimate == pytest.approx(6 * 100 * 0.25 / (5 * 0.25 * 600 / 599))
    assert between.is_beyond(10.0)
    assert between.upper == between.estimate + between.error


def test_the_jackknife_error_by_hand() -> None:
    """Leave one out, three times: (D - 1) / D of the sum of squares around their mean."""
    counts = np.array([[8.0, 2.0], [5.0, 5.0], [6.0, 4.0]])

    def ratio(units: Array) -> float:
        scatter, expected = overdispersion(units, None)
        return float(scatter / expected)

    without = np.array([ratio(np.delete(counts, index, axis=0)) for index in range(3)])
    between = overdispersion_of_days(Days(AXIS, counts[:, np.newaxis]), None)
    assert between is not None
    assert between.estimate == pytest.approx(ratio(counts))
    assert between.error == pytest.approx(math.sqrt(2 / 3 * ((without - without.mean()) ** 2).sum()))


@pytest.mark.parametrize("counts", [[[5.0, 5.0], [4.0, 6.0]], [[9.0, 0.0]] * 4], ids=["two days", "one value"])
def test_how_days_differ_takes_three_days_and_two_values(counts: list[list[float]]) -> None:
    """Else it is not known."""
    assert overdispersion_of_days(Days(AXIS, np.array(counts)[:, np.newaxis]), AXIS) is None
