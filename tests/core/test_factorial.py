"""Main effects on disagreement and on distances: by hand, under no effect, and where there is nothing to compare."""

import numpy as np
import pytest

from tasks.core.factorial import EmbeddedDay, distance_effect, main_effect
from tasks.core.texts import embedding_distances


def different(n: int, name: str) -> dict[str, int]:
    """So many calls, all with a completion of their own."""
    return {f"{name}{i}": 1 for i in range(n)}


def test_an_effect_is_the_mean_difference_over_the_other_factor() -> None:
    """0 against 1 at one level of the other factor, 0.5 against 1 at the other: 0.25 against 1."""
    pairs = [({"same": 20}, different(20, "a")), ({"x": 2, "y": 1, "z": 1}, different(4, "b"))]
    effect = main_effect(pairs, "seed")
    assert effect.first == pytest.approx((0 + 5 / 6) / 2)
    assert effect.second == 1
    assert effect.difference == pytest.approx(1 - 5 / 12)
    assert effect.p_value == 1 / 1000


def test_two_sides_alike_show_no_effect() -> None:
    """Every permutation is as large."""
    alike = {"x": 10, "y": 10}
    assert main_effect([(alike, alike), (alike, alike)], "seed").p_value == 1


def test_chance_alone_is_called_an_effect_as_often_as_promised() -> None:
    """Twenty pairs dealt from one pool: about one in twenty lies below 0.05, and four are few enough."""
    small = 0
    for i in range(20):
        first = {"x": 10 + i % 3, "y": 10 - i % 3}
        second = {"x": 10 - i % 2, "y": 10 + i % 2}
        small += main_effect([(first, second), (second, first)], f"seed {i}").p_value <= 0.05
    assert small <= 4


def test_the_same_seed_gives_the_same_p_value() -> None:
    """A page rendered twice says the same."""
    pairs = [({"x": 6, "y": 4}, {"x": 3, "y": 7}), ({"x": 5, "y": 5}, {"x": 2, "y": 8})]
    assert main_effect(pairs, "seed") == main_effect(pairs, "seed")


def test_calls_that_never_repeat_cost_nothing() -> None:
    """Ten thousand different completions are dealt as one."""
    effect = main_effect([(different(5_000, "a"), different(5_000, "b"))] * 2, "seed")
    assert (effect.first, effect.second, effect.p_value) == (1, 1, 1)


def test_an_arm_of_one_call_is_refused() -> None:
    """One call disagrees with nothing."""
    with pytest.raises(ValueError, match="at least two calls"):
        main_effect([({"x": 1}, {"y": 5}), ({"x": 5}, {"y": 5})], "seed")


def embedded(first: list[int], second: list[int], dimensions: int = 3, seed: int = 1) -> EmbeddedDay:
    """A day of two arms: so many calls of each of some completions, which lie anywhere."""
    vectors = np.random.default_rng(seed).normal(size=(len(first), dimensions))
    return EmbeddedDay(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.array(first), np.array(second))


@pytest.mark.parametrize("dimensions", [2, 50], ids=["fewer numbers than completions", "more"])
def test_an_effect_on_distances_is_of_the_mean_distances(dimensions: int) -> None:
    """Those that a day's agreement has, weighed by the calls of each day."""
    days = [embedded([3, 1, 0, 2], [0, 1, 6, 1], dimensions), embedded([1, 1, 1, 0], [0, 1, 1, 9], dimensions, seed=2)]
    effect = distance_effect([days], "seed", 99)
    assert effect is not None
    for side, found in (("first", effect.first), ("second", effect.second)):
        counts = [getattr(day, side) for day in days]
        by_day = [embedding_distances(day.units, of.tolist()).pairs for day, of in zip(days, counts, strict=True)]
        assert found == pytest.approx(np.average(by_day, weights=[of.sum() for of in counts]))


def test_arms_whose_completions_lie_apart_differ_from_arms_that_agree() -> None:
    """In every pair of levels, on every day; a permutation on a single day deals calls within that day."""
    day = embedded([10, 0, 0, 0, 0, 0], [0, 2, 2, 2, 2, 2], 20)
    effect = distance_effect([[day], [day]], "seed")
    assert effect is not None
    assert (effect.first, effect.p_value) == (pytest.approx(0), 1 / 1000)
    assert effect == distance_effect([[day], [day]], "seed")


def test_chance_alone_moves_distances_as_often_as_promised() -> None:
    """Forty pairs dealt from one pool, of which each day has its own: about one in twenty lies below 0.05."""
    rng, small = np.random.default_rng(3), 0
    for number in range(40):
        pairs = []
        for level in range(2):
            pooled = rng.multinomial(20, [0.1] * 10)
            first = rng.multivariate_hypergeometric(pooled, 10)
            pairs.append([embedded(first.tolist(), (pooled - first).tolist(), 20, seed=level)])
        effect = distance_effect(pairs, f"seed {number}", 199)
        small += effect is not None and effect.p_value <= 0.05
    assert small <= 6


def test_a_day_of_one_call_in_an_arm_says_nothing_of_distances() -> None:
    """And where no other day does, there is no effect to speak of."""
    single, several = embedded([1, 0], [4, 4]), embedded([2, 2], [4, 4])
    assert distance_effect([[several], [single]], "seed") is None
    assert distance_effect([[several, single], [several]], "seed") == distance_effect([[several], [several]], "seed")
