"""Two sides of days side by side, of one series or of two: how far they lie apart, and whether chance explains it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tasks.core import distances
from tasks.core.change import BLOCKS, Comparison, Figure, Observed
from tasks.core.dependence import Days, Repeats, design_effect_within, overdispersion_of_days
from tasks.core.distances import Array, Sides
from tasks.core.permutation import permuted, quantile_groups
from tasks.core.statistics import rarefied_values

Groups = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Span:
    """What the days of one side showed, one after the other."""

    days: Sequence[Observed]

    @property
    def values(self) -> Counter[float]:
        """How often each log-probability was seen."""
        counts: Counter[float] = Counter()
        for day in self.days:
            if day.values is not None:
                for logprob, n in zip(day.values.logprob.tolist(), day.values.n.tolist(), strict=True):
                    counts[logprob] += round(n)
        return counts

    @property
    def completions(self) -> Counter[str]:
        """How often each completion was seen."""
        return sum((Counter(day.completions) for day in self.days), Counter())

    @property
    def with_values(self) -> list[Observed]:
        """The days that have any."""
        return [day for day in self.days if day.values is not None]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Values of either side that stand together, in percent, and how often each side has them."""

    low_pct: float
    high_pct: float
    left: int
    right: int


def compare_spans(left: Span, right: Span, seed: str) -> Comparison:
    """Every figure of day against day, for two sides of any number of days.

    Values: Wasserstein and support, permuted, with the dependence of calls within a day; where the days of a side differ
    by more than that, so many more calls are exchanged together. Completions: total variation and support. A side
    without values, or without completions, is not compared by them.
    """
    figures = [*_values(left, right, seed), *_completions(left, right, seed), *_tokens(left, right)]
    return Comparison({figure.name: figure for figure in figures})


def _values(left: Span, right: Span, seed: str) -> Iterator[Figure]:
    counts = left.values, right.values
    if not all(counts):
        return
    sides = distances.sides_of_values(*counts)
    yield Figure("jaccard", distances.jaccard(sides))
    yield Figure("js_bits", distances.js_bits(sides))
    yield Figure("ks", distances.ks(sides))
    for name, axis, exact in (
        ("wasserstein_pp", sides.axis, distances.wasserstein_pp(sides)),
        ("support", None, distances.unshared(sides)),
    ):
        yield Figure(name, exact, *_permuted(left, right, sides, axis, f"{seed}/{name}"))


def _permuted(left: Span, right: Span, sides: Sides, axis: Array | None, seed: str) -> tuple[float, int] | tuple[()]:
    """The p-value and its permutations; nothing where all values are one."""
    if len(sides.axis) < 2:
        return ()
    groups = quantile_groups(sides.first + sides.second)
    joined = Sides(
        _firsts(sides.axis, groups), *(np.bincount(groups, side).astype(float) for side in (sides.first, sides.second))
    )
    joined_axis = None if axis is None else joined.axis
    statistic = distances.unshared_mass if joined_axis is None else partial(distances.area_between, axis=joined_axis)
    logprobs = np.array(sorted(left.values.keys() | right.values.keys()))
    effects = [_design_effect(span, logprobs, groups, joined.axis, joined_axis) for span in (left, right)]
    return permuted(statistic, joined, seed=seed, design_effect=max(effects))[:2]


def _firsts(axis: Array, groups: Groups) -> Array:
    return np.asarray(axis[np.flatnonzero(np.diff(groups, prepend=-1))])


def _design_effect(span: Span, logprobs: Array, groups: Groups, joined: Array, axis: Array | None) -> float:
    """So many calls of a side tell as much as one independent one: by the day's blocks, and by its days."""
    counts = np.zeros((len(span.with_values), BLOCKS, len(joined)))
    for number, day in enumerate(span.with_values):
        if day.values is not None:
            places = groups[np.searchsorted(logprobs, day.values.logprob)]
            np.add.at(counts[number], (day.values.block, places), day.values.n)
    days = Days(joined, counts)
    within = design_effect_within(days, _repeats(span), axis)
    between = overdispersion_of_days(days, axis)
    return between.estimate if between and between.is_beyond(within) else within


def _repeats(span: Span) -> Repeats:
    every = [day.repeats for day in span.days]
    return Repeats(sum(r.pairs for r in every), sum(r.repeats for r in every), sum(r.expected for r in every))


def _completions(left: Span, right: Span, seed: str) -> Iterator[Figure]:
    counts = left.completions, right.completions
    if not all(counts):
        return
    sides = distances.sides_of_answers(*counts)
    if not (left.values and right.values):
        yield Figure("jaccard", distances.jaccard(sides))
        yield Figure("js_bits", distances.js_bits(sides))
    for name, exact, statistic in (
        ("total_variation", distances.total_variation(sides), distances.variation),
        ("completions_support", distances.unshared(sides), distances.unshared_mass),
    ):
        result = permuted(statistic, sides, seed=f"{seed}/{name}")[:2] if len(sides.axis) > 1 else ()
        yield Figure(name, exact, *result)


def _tokens(left: Span, right: Span) -> Iterator[Figure]:
    means = [[day.tokens for day in span.days if day.tokens] for span in (left, right)]
    if all(means):
        yield Figure("lt_nat", distances.lt_nat(*map(distances.pooled, means)))


def clusters(left: Mapping[float, int], right: Mapping[float, int], threshold_pp: float) -> list[Cluster]:
    """The clusters of both sides' values together, from low to high, by single linkage at the threshold."""
    found: list[Cluster] = []
    for logprob in sorted(left.keys() | right.keys()):
        percentage = 100 * float(np.exp(logprob))
        here = (left.get(logprob, 0), right.get(logprob, 0))
        if found and percentage - found[-1].high_pct <= threshold_pp:
            last = found.pop()
            found.append(Cluster(last.low_pct, percentage, last.left + here[0], last.right + here[1]))
        else:
            found.append(Cluster(percentage, percentage, *here))
    return found


def rarefied(left: Mapping[float, int], right: Mapping[float, int]) -> tuple[int, float, float] | None:
    """How many distinct values each side shows in as many calls as the smaller has, and how many that are."""
    least = min(sum(left.values()), sum(right.values()))
    if not least:
        return None
    first, second = (rarefied_values(list(side.values()), least) for side in (left, right))
    return least, first, second
