"""Two sides of days side by side, against hand-computed figures."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tasks.core.change import Blocks, Comparison, Observed, compare, compare_sides
from tasks.core.comparison import Cluster, clusters, rarefied
from tasks.core.dependence import Repeats
from tasks.core.distances import TokenMeans


def day(values: Mapping[float, int] | None = None, completions: Mapping[str, int] | None = None) -> Observed:
    """A day with so many of each probability in percent, spread evenly over its blocks, and of each completion."""
    counts = values or {}
    rows = [
        (block, math.log(pct / 100), n // 20 + (block < n % 20)) for block in range(20) for pct, n in counts.items()
    ]
    block, logprob, n = (np.array(column) for column in zip(*rows, strict=True)) if rows else (None, None, None)
    blocks = None if block is None or logprob is None or n is None else Blocks(block, logprob, n.astype(float))
    return Observed(blocks, Repeats(0, 0, 0.0), completions or {}, None)


def apart(left: Sequence[Observed], right: Sequence[Observed], *, are_same_days: bool = False) -> Comparison:
    """How far the days of two sides lie apart, by one seed."""
    return compare_sides(left, right, seed="seed", are_same_days=are_same_days)


def test_the_distances_of_two_spans_by_hand() -> None:
    """Two days of 90% against one of 80%: everything moved by ten points."""
    compared = apart([day({90: 20}), day({90: 20})], [day({80: 40})])
    figures = {name: figure.statistic for name, figure in compared.figures.items()}
    assert figures["wasserstein_pp"] == pytest.approx(10)
    assert [figures[name] for name in ("jaccard", "js_bits", "ks")] == pytest.approx([0, 1, 1])
    assert compared.figures["wasserstein_pp"].p_value == pytest.approx(0.00025)


def test_equal_sides_are_no_farther_apart_than_chance() -> None:
    """And one value on both is untested."""
    compared = apart([day({90: 30, 80: 10})], [day({90: 31, 80: 9})])
    assert (compared.p_value or 0) > 0.05
    assert apart([day({90: 30})], [day({90: 5})]).p_value == 1


def test_days_that_differ_among_themselves_are_no_evidence() -> None:
    """Where each day of a side is elsewhere, another place is no news; where they agree, it is."""
    wild = [day({pct: 50}) for pct in (70, 90, 75, 85, 80, 65)]
    calm = [day({70: 25, 90: 25}) for _ in range(6)]
    other = [day({70: 40, 90: 10})]
    assert (apart(calm, other).p_value or 0) < 0.001
    assert (apart(wild, other).p_value or 0) > 0.01


def test_two_days_are_compared_as_a_day_with_the_day_before() -> None:
    """One question has one answer, on the page of a study and on that of a comparison."""
    first, second = day({90: 30, 80: 10}, {"a": 40}), day({90: 20, 80: 20}, {"a": 20, "b": 20})
    assert apart([first], [second]) == compare(first, [second], seed="seed")


def test_sides_of_the_same_days_need_no_allowance_for_days() -> None:
    """Two arms, say, whose calls took turns."""
    sides = [day({90: 30, 80: 10})], [day({90: 18, 80: 22})]
    together = apart(*sides, are_same_days=True).p_value or 1
    assert together < 0.05 < (apart(*sides).p_value or 0)


def test_without_values_completions_are_compared() -> None:
    """Total variation in place of Wasserstein."""
    compared = apart([day(completions={"a": 30})], [day(completions={"a": 15, "b": 15})])
    assert compared.figures["total_variation"].statistic == pytest.approx(0.5)
    assert (compared.p_value or 1) < 0.001
    assert "wasserstein_pp" not in compared.figures


def test_a_side_with_nothing_is_not_compared() -> None:
    """No figure, and no p-value."""
    assert apart([day()], [day({90: 5})]).p_value is None


def test_tokens_are_pooled_over_days() -> None:
    """lt_nat: half a nat for one of two tokens."""
    left, right = (TokenMeans({"a": -1.0, "b": b}, -9.0, 10) for b in (-2.0, -2.5))
    spans = [[Observed(None, Repeats(0, 0, 0.0), {}, tokens)] for tokens in (left, right)]
    assert apart(*spans).figures["lt_nat"].statistic == pytest.approx(0.25)


def test_clusters_are_of_both_sides_together() -> None:
    """A value of one side bridges two of the other."""
    values = [math.log(pct / 100) for pct in (50.0, 50.008, 50.016, 60.0)]
    found = clusters({values[0]: 1, values[2]: 2}, {values[1]: 3, values[3]: 4}, 0.01)
    assert [(one.left, one.right) for one in found] == [(3, 3), (0, 4)]
    assert isinstance(found[0], Cluster)
    assert (found[0].low_pct, found[0].high_pct) == (pytest.approx(50.0), pytest.approx(50.016))


def test_values_are_counted_in_equally_many_calls() -> None:
    """Two of four calls, two of each value: 1 + 1 - 2/6 on average. Nothing of no calls."""
    assert rarefied({1.0: 2, 2.0: 2}, {1.0: 2}) == (2, pytest.approx(2 - 2 / 6), pytest.approx(1))
    assert rarefied({}, {1.0: 2}) is None
