"""Permutation tests against scipy's, and against what p-values are."""

from functools import partial

import numpy as np
import pytest
from scipy.stats import hypergeom, permutation_test, wasserstein_distance

from tasks.core.distances import Sides, area_between, unshared_mass, variation
from tasks.core.permutation import EXCEEDANCES, MOST_DRAWS, Clumps, permuted, quantile_groups

AXIS = np.array([1.0, 2.0, 3.0, 5.0, 8.0])
AREA = partial(area_between, axis=AXIS)


def sides(first: list[int], second: list[int]) -> Sides:
    """Counts on AXIS, or as much of it as is needed."""
    return Sides(AXIS[: len(first)], np.array(first, dtype=float), np.array(second, dtype=float))


def test_the_p_value_is_scipys() -> None:
    """The area between the sides, of few samples, so that all of scipy's permutations are close to ours."""
    both = sides([6, 3, 2, 1, 0], [1, 2, 3, 4, 2])
    samples = [np.repeat(AXIS, side.astype(int)) for side in (both.first, both.second)]
    expected = permutation_test(
        samples, wasserstein_distance, n_resamples=1999, alternative="greater", rng=np.random.default_rng(1)
    ).pvalue
    p_values = [permuted(AREA, both, seed=str(seed)).p_value for seed in range(30)]
    assert np.mean(p_values) == pytest.approx(expected, rel=0.35)


def test_the_p_value_of_two_values_is_exact_on_average() -> None:
    """Hypergeometric, by hand: 9 of 10 against 3 of 10, both tails."""
    exact = 2 * hypergeom.sf(8, 20, 12, 10)
    both = sides([9, 1], [3, 7])
    p_values = [permuted(variation, both, seed=str(seed)).p_value for seed in range(40)]
    assert np.mean(p_values) == pytest.approx(exact, rel=0.2)


def test_the_same_seed_gives_the_same_result() -> None:
    """And another one another."""
    both = sides([6, 3, 2, 1, 0], [2, 2, 3, 4, 1])
    assert permuted(AREA, both, seed="a") == permuted(AREA, both, seed="a")
    assert permuted(AREA, both, seed="a") != permuted(AREA, both, seed="b")


def test_a_p_value_is_never_0() -> None:
    """No draw as far apart as what was seen: one in as many as were drawn, and one more."""
    result = permuted(AREA, sides([50, 0, 0, 0, 0], [0, 0, 0, 0, 50]), seed="a", most=499)
    assert result == (1 / 500, 499)
    assert permuted(AREA, sides([50, 0, 0, 0, 0], [0, 0, 0, 0, 50]), seed="a") == (1 / (MOST_DRAWS + 1), MOST_DRAWS)


def test_drawing_ends_where_the_p_value_will_not_be_small() -> None:
    """Besag and Clifford: ten as far apart, over the draws that it took."""
    result = permuted(AREA, sides([9, 8, 9, 8, 9], [8, 9, 8, 9, 8]), seed="a")
    assert EXCEEDANCES <= result.permutations < 100
    assert result.p_value == EXCEEDANCES / result.permutations


def test_one_value_in_common_is_as_close_as_can_be() -> None:
    """Nothing is drawn."""
    assert permuted(AREA, sides([5], [9]), seed="a") == (1.0, 0)


def test_one_sample_a_side_can_show_nothing() -> None:
    """Either draw is as far apart."""
    assert permuted(variation, sides([1, 0], [0, 1]), seed="a") == (1.0, EXCEEDANCES)


@pytest.mark.parametrize("statistic", [AREA, variation, unshared_mass], ids=["area", "variation", "unshared"])
def test_p_values_are_uniform_where_nothing_changed(statistic: object) -> None:
    """At most so many small ones as there should be; ties make some larger."""
    rng = np.random.default_rng(7)
    shares = [0.1, 0.2, 0.4, 0.2, 0.1]
    p_values = np.array(
        [
            permuted(
                statistic,  # type: ignore[arg-type]
                sides(rng.multinomial(30, shares).tolist(), rng.multinomial(60, shares).tolist()),
                seed=str(number),
                most=199,
            ).p_value
            for number in range(400)
        ]
    )
    for level in (0.05, 0.2, 0.5):
        assert np.mean(p_values <= level) <= level + 3 * np.sqrt(level * (1 - level) / 400)
    if statistic is not unshared_mass:
        assert np.mean(p_values <= 0.2) > 0.1


def test_clumps_hold_as_many_samples_as_the_design_effect_says() -> None:
    """A value has one at least; sides keep their proportion, and none is empty."""
    clumps = Clumps.of(sides([40, 10, 1], [20, 5, 0]), 5.0)
    assert clumps.number.tolist() == [12, 3, 1]
    assert clumps.weight == pytest.approx([5, 5, 1])
    assert clumps.on_first == round(16 * 51 / 76)
    assert Clumps.of(sides([1, 0], [999, 1]), 100.0).on_first == 1
    assert Clumps.of(sides([999, 0], [0, 1]), 100.0).on_first == 10


@pytest.mark.parametrize("number", [3, 400], ids=["sample by sample", "value by value"])
def test_draws_keep_what_there_is(number: int) -> None:
    """Shares of each side sum to 1, and the sides together are what was pooled; on average, both are like it."""
    both = sides([number, 2 * number, 0], [number, 0, 4 * number])
    first, second = Clumps.of(both, 1.0).draw(np.random.default_rng(1), 2000)
    n, m = 3 * number, 5 * number
    assert (first * n + second * m)[:5] == pytest.approx(np.tile([2 * number, 2 * number, 4 * number], (5, 1)))
    assert first.mean(axis=0) == pytest.approx([0.25, 0.25, 0.5], abs=0.02)


def test_a_design_effect_makes_p_values_larger() -> None:
    """Fifty samples that tell as much as five."""
    both = sides([40, 10], [20, 30])
    alone = permuted(variation, both, seed="a").p_value
    assert alone < 0.001
    assert permuted(variation, both, seed="a", design_effect=10.0).p_value > 0.05


def test_few_values_are_groups_of_their_own() -> None:
    """Up to as many as are allowed."""
    assert quantile_groups(np.ones(4), 4).tolist() == [0, 1, 2, 3]


def test_many_values_are_joined_into_quantiles() -> None:
    """About as many samples in each; one that is frequent stands alone."""
    assert quantile_groups(np.ones(8), 4).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    groups = quantile_groups(np.array([1.0, 1.0, 100.0, 1.0, 1.0]), 4)
    assert groups.tolist() == sorted(groups.tolist())
    assert set(groups.tolist()) == set(range(groups.max() + 1))


def test_sides_nearer_than_chance_makes_them_are_no_sign_of_a_change_however_far_draws_are_stretched() -> None:
    """A rare value: most draws have it on both sides, so that a distance of 0 is nothing rare."""
    both = sides([44, 6], [44, 6])
    for seed in range(20):
        assert permuted(unshared_mass, both, seed=str(seed), stretch=4.0).p_value == 1
