"""The script of harm."""

from collections import Counter

import pytest

from drill.script import WEIGHTS, Kind, script


def test_a_seed_says_the_whole_script() -> None:
    """The same again for the same seed, another one for another."""
    assert script(7, 50, 2) == script(7, 50, 2)
    assert script(7, 50, 2) != script(8, 50, 2)


@pytest.mark.parametrize("harms", [len(Kind), 40, 200])
def test_every_kind_has_its_share_and_comes_at_least_once(harms: int) -> None:
    """As many as were asked for, in order of time, within the minutes."""
    lines = script(1, harms, 3)
    counts = Counter(line.kind for line in lines)
    assert counts.total() == harms
    assert set(counts) == set(Kind)
    assert [line.at_s for line in lines] == sorted(line.at_s for line in lines)
    assert 0 <= lines[0].at_s <= lines[-1].at_s <= 180


def test_two_hundred_harms_are_those_of_the_weights() -> None:
    """The weights add up to two hundred."""
    assert Counter(line.kind for line in script(3, sum(WEIGHTS.values()), 8)) == Counter(WEIGHTS)


def test_a_kind_that_cannot_be_done_is_not_in_the_script() -> None:
    """Its share falls to the others."""
    kinds = [kind for kind in Kind if kind is not Kind.CLOCK_JUMPS]
    lines = script(1, 100, 3, kinds)
    assert len(lines) == 100
    assert Kind.CLOCK_JUMPS not in {line.kind for line in lines}
