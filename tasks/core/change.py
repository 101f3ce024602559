"""One day of a series against others: how far apart they are, and how likely that is where nothing changed."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from tasks.core import distances
from tasks.core.dependence import Days, Repeats, design_effect_within, overdispersion_of_days
from tasks.core.distances import Array, Sides, TokenMeans
from tasks.core.permutation import MOST_DRAWS, Statistic, permuted, quantile_groups

# With every change of the method, so that what was tested before is tested again.
METHOD = 1
BLOCKS = 20
# How much two days may differ where nothing changed cannot be seen from one or two others: a day must differ plainly.
FEW_DAYS = 3
UNKNOWN_DESIGN_EFFECT = 4.0


NO_REPEATS = Repeats(0, 0, 0.0)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The values of a day in the order of time: which block (from 0), which log-probability, how often. Shapes: (rows,)."""

    block: NDArray[np.int64]
    logprob: Array
    n: Array


@dataclass(frozen=True, slots=True)
class Observed:
    """What one day of a series showed: values, or completions, or both. What it did not is empty, or None."""

    values: Blocks | None
    repeats: Repeats
    completions: Mapping[str, int]
    tokens: TokenMeans | None

    @property
    def is_any(self) -> bool:
        """Whether there is anything to compare."""
        return self.values is not None or bool(self.completions)


@dataclass(frozen=True, slots=True)
class Figure:
    """One distance between a day and others, and where it was tested, its p-value."""

    name: str
    statistic: float | None
    p_value: float | None = None
    permutations: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every figure of a day against others, by name."""

    figures: Mapping[str, Figure]

    @property
    def p_values(self) -> dict[str, float]:
        """The p-values of the tests that could be made, by name."""
        return {name: figure.p_value for name, figure in self.figures.items() if figure.p_value is not None}

    @property
    def p_value(self) -> float | None:
        """The smallest, times the number of tests (Bonferroni).

        1 where both sides have but one value, or completion, and it is the same; None where nothing could be compared.
        """
        if not self.figures:
            return None
        p_values = self.p_values.values()
        return min([1.0, *(len(p_values) * p_value for p_value in p_values)])


def compare(day: Observed, others: Sequence[Observed], *, seed: str, most: int = MOST_DRAWS) -> Comparison:
    """A day against other days of the same series and request, taken together.

    Values: Wasserstein and support, permuted; where the days among themselves differ by more than the dependence of
    samples within them explains, the day must stand out from them too. Completions: total variation and support, likewise.
    Log-probabilities of tokens: `lt_nat`, untested. What only one side has is not compared.
    """
    figures = [
        *_compared_values(day, [other for other in others if other.values], seed, most),
        *_compared_completions(day, [other.completions for other in others if other.completions], seed, most),
        *_compared_tokens(day.tokens, [other.tokens for other in others if other.tokens]),
    ]
    return Comparison({figure.name: figure for figure in figures})


def _compared_values(day: Observed, others: Sequence[Observed], seed: str, most: int) -> Iterable[Figure]:
    every = [side.values for side in (day, *others) if side.values is not None]
    if day.values is None or not others:
        return
    logprobs, index = np.unique(np.concatenate([blocks.logprob for blocks in every]), return_inverse=True)
    sides = _sides(every, logprobs, index)
    yield Figure("jaccard", distances.jaccard(sides))
    yield Figure("js_bits", distances.js_bits(sides))
    yield Figure("ks", distances.ks(sides))
    repeats = _together([side.repeats for side in (day, *others)])
    days = _days(every, logprobs, index, sides.first + sides.second)
    for name, axis in (("wasserstein_pp", days.axis), ("support", None)):
        result = _tested(days, distances.unshared_mass, axis, repeats, f"{seed}/{name}", most)
        exact = distances.wasserstein_pp(sides) if axis is not None else distances.unshared(sides)
        yield Figure(name, exact, *result)


def _compared_completions(day: Observed, others: Sequence[Mapping[str, int]], seed: str, most: int) -> Iterable[Figure]:
    if not day.completions or not others:
        return
    sides = distances.sides_of_answers(day.completions, sum((Counter(other) for other in others), Counter()))
    if day.values is None:
        yield Figure("jaccard", distances.jaccard(sides))
        yield Figure("js_bits", distances.js_bits(sides))
    days = _days_of_completions([day.completions, *others])
    tests = (
        ("total_variation", distances.total_variation(sides), distances.variation),
        ("completions_support", distances.unshared(sides), distances.unshared_mass),
    )
    for name, observed, statistic in tests:
        yield Figure(name, observed, *_tested(days, statistic, None, NO_REPEATS, f"{seed}/{name}", most))


def _compared_tokens(day: TokenMeans | None, others: list[TokenMeans]) -> Iterable[Figure]:
    if day and others:
        yield Figure("lt_nat", distances.lt_nat(day, distances.pooled(others)))


def _tested(
    days: Days, statistic: Statistic, axis: Array | None, repeats: Repeats, seed: str, most: int
) -> tuple[float, int] | tuple[()]:
    """The p-value of the first of `days` against the others, and its permutations; nothing where all values are one.

    With an axis the statistic is the area over it.
    """
    if len(days.axis) < 2:
        return ()
    within = design_effect_within(days, repeats, axis)
    between = overdispersion_of_days(Days(days.axis, days.counts[1:]), axis)
    differ = between is not None and between.is_beyond(within)
    unknown = UNKNOWN_DESIGN_EFFECT if len(days.counts) <= FEW_DAYS else 1.0
    variance = max(within, between.upper if between else unknown)
    # Days that differ are days that keep together. Otherwise they might a little, for all that so few of them say.
    effect, stretch = (variance, 1.0) if differ else (within, variance / within)
    if axis is not None:
        days = _joined(days, effect)
        statistic = partial(distances.area_between, axis=days.axis)
    counts = days.by_day
    sides = Sides(days.axis, counts[0], counts[1:].sum(axis=0))
    p_value, draws = permuted(statistic, sides, seed=seed, design_effect=effect, stretch=stretch, most=most)
    return max(p_value, stands_out(statistic, counts)) if differ else p_value, draws


def stands_out(statistic: Statistic, counts: Array) -> float:
    """How likely the first day is as far from the others as it is, judged by how far each of them is from the rest.

    A one-sided prediction interval of Student's t with one degree of freedom less than others. `counts`: shape (D, K).
    """
    others = counts[1:]
    rests = others.sum(axis=0) - others
    apart = [_between(statistic, day, rest) for day, rest in zip(others, rests, strict=True)]
    observed = float(_between(statistic, counts[0], others.sum(axis=0)))
    mean, deviation = float(np.mean(apart)), float(np.std(apart, ddof=1))
    if observed <= mean or deviation == 0:
        return float(observed <= mean)
    return float(stdtr(len(others) - 1, -(observed - mean) / (deviation * math.sqrt(1 + 1 / len(others)))))


def _between(statistic: Statistic, first: Array, second: Array) -> float:
    return float(statistic(first[np.newaxis] / first.sum(), second[np.newaxis] / second.sum())[0])


def _sides(days: Sequence[Blocks], logprobs: Array, index: NDArray[np.int64]) -> Sides:
    """The first day against all the others, value by value; `index` says which of `logprobs` each row of the days has."""
    is_first = np.arange(len(index)) < len(days[0].n)
    n = np.concatenate([day.n for day in days])
    first, second = (np.bincount(index[side], n[side], len(logprobs)) for side in (is_first, ~is_first))
    return Sides(100 * np.exp(logprobs), first.astype(float), second.astype(float))


def _joined(days: Days, effect: float) -> Days:
    """Neighbouring values together, where there are more of them than independent samples: a clump is of one value."""
    pooled = days.by_day.sum(axis=0)
    groups = quantile_groups(pooled, max(2, int(pooled.sum() / effect)))
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return Days(days.axis[starts], np.add.reduceat(days.counts, starts, axis=2))


def _days_of_completions(days: Sequence[Mapping[str, int]]) -> Days:
    """The counts of all days, each in one block: in which order completions came, counts do not say."""
    completions = sorted(set().union(*days))
    counts = [[[day.get(completion, 0) for completion in completions]] for day in days]
    return Days(np.arange(len(completions), dtype=float), np.array(counts, dtype=float))


def _days(days: Sequence[Blocks], logprobs: Array, index: NDArray[np.int64], pooled: Array) -> Days:
    """The counts of all days, block by block, of at most MOST_VALUES values; `index` as in `_sides`."""
    groups = quantile_groups(pooled)
    number = np.concatenate([np.full(len(day.n), at) for at, day in enumerate(days)])
    counts = np.zeros((len(days), BLOCKS, int(groups[-1]) + 1))
    block = np.concatenate([day.block for day in days])
    np.add.at(counts, (number, block, groups[index]), np.concatenate([day.n for day in days]))
    return Days(100 * np.exp(logprobs[np.flatnonzero(np.diff(groups, prepend=-1))]), counts)


def _together(repeats: Sequence[Repeats]) -> Repeats:
    return Repeats(
        sum(day.pairs for day in repeats),
        sum(day.repeats for day in repeats),
        math.fsum(day.expected for day in repeats),
    )


def is_new_ground(day: Observed, others: Sequence[Observed]) -> bool:
    """Whether most of a day's values, or without values completions, are such as none of the others had."""
    if day.values is not None:
        seen = np.concatenate([np.empty(0), *(other.values.logprob for other in others if other.values is not None)])
        return bool(day.values.n[~np.isin(day.values.logprob, seen)].sum() > day.values.n.sum() / 2)
    known = set().union(*(other.completions for other in others))
    new = sum(n for completion, n in day.completions.items() if completion not in known)
    return new > sum(day.completions.values()) / 2
