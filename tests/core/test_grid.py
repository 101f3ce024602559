"""The logit grid of a day against the grid before."""

import pytest
from scipy.stats import binom

from tasks.core.grid import GridFit, chance_of_grid, grid_step_nat


def fit(lists: int, **on: int) -> GridFit:
    """Lists of ten gaps; `k3=29` puts 29 of them on 1/8 and finer grids, `k6=30` 30 on 1/64."""
    steps = {int(name[1:]): n for name, n in on.items()}
    counts = tuple(max([0, *(n for k, n in steps.items() if k <= at)]) for at in range(11))
    return GridFit(lists, 10 * lists, tuple(10 * n for n in counts), counts)


def test_the_step_is_the_largest_with_nearly_all_gaps() -> None:
    """999 of 1000 gaps are enough, 998 are not; days add up."""
    assert grid_step_nat([fit(30, k3=30)]) == 1 / 8
    assert grid_step_nat([GridFit(100, 1000, (0, 999, 1000), (0, 99, 100))]) == 1 / 2
    assert grid_step_nat([GridFit(100, 1000, (0, 998, 1000), (0, 98, 100))]) == 1 / 4
    assert grid_step_nat([fit(30, k3=30), fit(30, k6=30)]) == 1 / 64


def test_without_a_gap_or_a_grid_there_is_no_step() -> None:
    """Lists of one token; gaps anywhere; no day."""
    assert grid_step_nat([GridFit(3, 0, (0,) * 11, (3,) * 11)]) is None
    assert grid_step_nat([fit(30)]) is None
    assert grid_step_nat([]) is None


def test_the_same_grid_is_as_likely_as_can_be() -> None:
    """All lists on it, before and now."""
    assert chance_of_grid(fit(20, k3=20), [fit(20, k3=20)] * 3) == 1


def test_leaving_the_grid_by_hand() -> None:
    """Two or more of ten lists off the grid, where one of thirty-two may be: binomial."""
    chance = chance_of_grid(fit(10, k3=8, k6=10), [fit(15, k3=15)] * 2)
    assert chance == pytest.approx(binom.sf(1, 10, 1 / 32))


def test_a_coarser_grid_by_hand() -> None:
    """All five lists on 1/8, where 2 of 20 were: (3/22) to the fifth."""
    chance = chance_of_grid(fit(5, k3=5), [fit(10, k3=1, k6=10)] * 2)
    assert chance == pytest.approx((3 / 22) ** 5)


def test_a_large_baseline_still_allows_one_gap_in_a_thousand() -> None:
    """As its grid does."""
    chance = chance_of_grid(fit(10, k3=9, k6=10), [fit(100_000, k3=100_000)])
    assert chance == pytest.approx(binom.sf(0, 10, 0.001))


def test_without_lists_or_a_grid_before_nothing_is_said() -> None:
    """None."""
    assert chance_of_grid(fit(5, k3=5), [fit(10)]) is None
    assert chance_of_grid(GridFit(0, 0, (0,) * 11, (0,) * 11), [fit(10, k3=10)]) is None


def test_a_day_without_any_grid_leaves_the_one_before() -> None:
    """Gaps that lie anywhere."""
    chance = chance_of_grid(fit(20), [fit(20, k3=20)] * 3)
    assert chance is not None
    assert chance < 1e-20
