"""One day against others: which figures there are, and what they say."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import t

from tasks.core.change import Observed, compare, is_new_ground, stands_out
from tasks.core.deciding import ShownDay
from tasks.core.dependence import Repeats
from tasks.core.distances import TokenMeans, variation

Shown = Callable[..., ShownDay]
HALF, QUARTER, TENTH = math.log(0.5), math.log(0.25), math.log(0.1)
OF_VALUES = {"jaccard", "js_bits", "ks", "wasserstein_pp", "support"}
OF_COMPLETIONS = {"jaccard", "js_bits", "total_variation", "completions_support"}
NOTHING = Observed(None, Repeats(0, 0, 0.0), {}, None)


def test_a_day_against_several_by_hand(shown: Shown) -> None:
    """The others together: three of four at 50% against two at 25% and two at 10%."""
    day = shown([HALF, HALF, QUARTER, HALF]).observed
    others = [shown([QUARTER, TENTH]).observed, shown([TENTH, QUARTER]).observed]
    found = {name: figure.statistic for name, figure in compare(day, others, seed="a").figures.items()}
    assert found.keys() == OF_VALUES
    assert found["jaccard"] == pytest.approx(1 / 3)
    assert found["ks"] == pytest.approx(0.75)
    assert found["wasserstein_pp"] == pytest.approx(0.5 * 15 + 0.75 * 25)
    assert found["support"] == pytest.approx(0.75 + 0.5)


def test_the_smallest_p_value_counts_as_often_as_there_are_tests(shown: Shown) -> None:
    """Bonferroni, and never above 1."""
    comparison = compare(shown([HALF] * 30).observed, [shown([QUARTER] * 30).observed] * 4, seed="a", most=999)
    assert comparison.p_values == {"wasserstein_pp": 0.001, "support": 0.001}
    assert comparison.p_value == pytest.approx(0.002)
    alike = compare(shown([HALF, QUARTER] * 9).observed, [shown([QUARTER, HALF] * 9).observed] * 4, seed="a")
    assert alike.p_value == 1


def test_the_same_seed_gives_the_same_comparison(shown: Shown) -> None:
    """And whether the tests come before or after, too."""
    rng = np.random.default_rng(1)
    days = [shown(rng.choice([HALF, QUARTER, TENTH], 30).tolist()).observed for _ in range(5)]
    assert compare(days[0], days[1:], seed="a") == compare(days[0], days[1:], seed="a")
    assert len({repr(compare(days[0], days[1:], seed=seed).p_values) for seed in "abcdef"}) > 1


def test_equal_values_are_not_tested(shown: Shown) -> None:
    """They are as close as can be: 1."""
    comparison = compare(shown([HALF] * 9).observed, [shown([HALF] * 5).observed], seed="a")
    assert comparison.p_values == {}
    assert comparison.p_value == 1
    assert comparison.figures["wasserstein_pp"].statistic == 0


def test_completions_alone_have_their_own_figures(shown: Shown) -> None:
    """No distribution function, and so no ks, Wasserstein or lt."""
    heads, tails = shown(completions={"Heads": 30}).observed, shown(completions={"Tails": 30}).observed
    comparison = compare(heads, [tails] * 4, seed="a", most=999)
    assert comparison.figures.keys() == OF_COMPLETIONS
    assert comparison.figures["total_variation"].statistic == 1
    assert comparison.p_value == pytest.approx(0.002)


def test_both_are_tested_where_both_are(shown: Shown) -> None:
    """The exact-value figures are those of values."""
    day = shown([HALF] * 9 + [QUARTER], completions={"Heads": 8, "Tails": 2}).observed
    comparison = compare(day, [shown([HALF] * 10, completions={"Heads": 10}).observed], seed="a")
    assert comparison.figures.keys() == OF_VALUES | OF_COMPLETIONS
    assert comparison.figures["jaccard"].statistic == pytest.approx(1 / 2)
    assert comparison.p_values.keys() == {"wasserstein_pp", "support", "total_variation", "completions_support"}


def test_what_only_one_side_has_is_not_compared(shown: Shown) -> None:
    """Values against completions; anything against nothing."""
    values, completions = shown([HALF] * 5).observed, shown(completions={"Heads": 5}).observed
    for day, others in ((values, [completions]), (completions, [values]), (values, [NOTHING]), (values, [])):
        comparison = compare(day, others, seed="a")
        assert (comparison.figures, comparison.p_value) == ({}, None)


def test_token_means_are_compared_and_not_tested(shown: Shown) -> None:
    """lt_nat has no p-value of its own."""
    day = shown([HALF] * 5, tokens=TokenMeans({"Heads": HALF}, -5.0, 5)).observed
    other = shown([HALF] * 5, tokens=TokenMeans({"Heads": QUARTER}, -5.0, 5)).observed
    figure = compare(day, [other, other], seed="a").figures["lt_nat"]
    assert figure.statistic == pytest.approx(math.log(2))
    assert figure.p_value is None


def test_two_days_alone_must_differ_plainly(shown: Shown) -> None:
    """How much days differ where nothing changed is not known of one other day; of four alike it is."""
    shuffle = np.random.default_rng(1).permutation
    day = shown(shuffle([HALF] * 20 + [QUARTER] * 20)).observed
    others = [shown(shuffle([HALF] * 30 + [QUARTER] * 10)).observed] * 4
    of_one = compare(day, others[:1], seed="a").p_values["wasserstein_pp"]
    of_four = compare(day, others, seed="a").p_values["wasserstein_pp"]
    assert of_four < 0.02 < 0.05 < of_one


def test_standing_out_by_hand() -> None:
    """Student's t with one degree of freedom less than other days."""
    counts = np.array([[2.0, 8.0], [7.0, 3.0], [6.0, 4.0], [8.0, 2.0]])
    apart = [abs(0.7 - 14 / 20), abs(0.6 - 15 / 20), abs(0.8 - 13 / 20)]
    score = (abs(0.2 - 0.7) - np.mean(apart)) / (np.std(apart, ddof=1) * math.sqrt(1 + 1 / 3))
    assert stands_out(variation, counts) == pytest.approx(t.sf(score, 2))


def test_a_day_among_the_others_does_not_stand_out() -> None:
    """As near as they are, or nearer: 1; farther than days that are all alike: 0."""
    others = [[7.0, 3.0], [6.0, 4.0], [8.0, 2.0]]
    assert stands_out(variation, np.array([[7.0, 3.0], *others])) == 1
    assert stands_out(variation, np.array([[1.0, 9.0], *[[7.0, 3.0]] * 3])) == 0


def test_new_ground_is_where_most_values_are_new(shown: Shown) -> None:
    """More than half of them; of completions where there are no values."""
    old = shown([HALF, QUARTER]).observed
    assert is_new_ground(shown([TENTH, TENTH, HALF]).observed, [old])
    assert not is_new_ground(shown([TENTH, HALF]).observed, [old])
    assert is_new_ground(shown([HALF]).observed, [])
    said = shown(completions={"Heads": 9}).observed
    assert is_new_ground(shown(completions={"Tails": 5, "Heads": 4}).observed, [said])
    assert not is_new_ground(shown(completions={"Tails": 4, "Heads": 4}).observed, [said])


def test_many_distinct_values_are_compared_in_quantiles(shown: Shown) -> None:
    """The distances shown are exact; the tests see at most a thousand groups."""
    rng = np.random.default_rng(2)
    days = [shown(rng.normal(-1, 0.1, 400).tolist()).observed for _ in range(4)]
    comparison = compare(days[0], days[1:], seed="a", most=199)
    assert comparison.figures["jaccard"].statistic == 0
    assert comparison.figures["js_bits"].statistic == pytest.approx(1)
    assert comparison.p_value is not None
    assert comparison.p_value > 0.05
    moved = shown(rng.normal(-1.2, 0.1, 400).tolist()).observed
    assert compare(moved, days[1:], seed="a", most=199).p_values["wasserstein_pp"] == 1 / 200
