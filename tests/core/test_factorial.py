"""Main effects on disagreement: by hand, under no effect, and refused where there is nothing to compare."""

import pytest

from tasks.core.factorial import main_effect


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
