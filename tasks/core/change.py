"""Days of a series against others: how far apart they are, and how likely that is where nothing changed."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from tasks.core import distances
from tasks.core.dependence import Days, Overdispersion, Repeats, design_effect_within, overdispersion_of_days
from tasks.core.distances import Array, Sides, TokenMeans
from tasks.core.permutation import MOST_DRAWS, Clumps, Statistic, permuted, quantile_groups

# With every change of the method, so that what was tested before is tested again.
METHOD = 4
BLOCKS = 20
# How much two days may differ where nothing changed cannot be seen from one or two others: a day must differ plainly.
FEW_DAYS = 3
UNKNOWN_DESIGN_EFFECT = 8.0

# Where draws of whole clumps cannot give a p-value as small as this, they cannot say that a day has changed.
FINEST = 0.0003
APART = "_apart"

NO_REPEATS = Repeats(0, 0, 0.0)

Test = Callable[[Days, int, Statistic, Array | None, Repeats, str], tuple[float, int, float | None] | tuple[()]]
"""What `_tested` does, with its settings."""


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
    """One distance between two sides, and where it was tested, its p-value."""

    name: str
    statistic: float | None
    p_value: float | None = None
    permutations: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every figure of two sides, by name."""

    figures: Mapping[str, Figure]

    @property
    def p_values(self) -> dict[str, float]:
        """The p-values of the tests that could be made, by name."""
        return {name: figure.p_value for name, figure in self.figures.items() if figure.p_value is not None}

    @property
    def leaves_open(self) -> bool:
        """Whether draws cannot say of some test that the day has changed, however far it lies from the others."""
        return any(name.endswith(APART) for name in self.figures)

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
    """`compare_sides`, for a day against other days of the same series and request."""
    return compare_sides([day], others, seed=seed, most=most)


def compare_sides(
    left: Sequence[Observed],
    right: Sequence[Observed],
    *,
    seed: str,
    most: int = MOST_DRAWS,
    are_same_days: bool = False,
) -> Comparison:
    """Days against other days, those of each side taken together.

    Values: Wasserstein and support, permuted; where the days of a side differ by more than the dependence of samples
    within them explains, days keep together, and a single day must stand out from them too. Completions: total variation
    and support, likewise. Log-probabilities of tokens: `lt_nat`, untested. What only one side has is not compared.
    `are_same_days`: both sides were asked on the same days, so that no difference between days is one between sides.
    """
    test = partial(_tested, most=most, unknown=1.0 if are_same_days else UNKNOWN_DESIGN_EFFECT)
    figures = [
        *_compared_values(left, right, seed, test),
        *_compared_completions(left, right, seed, test),
        *_compared_tokens(left, right),
    ]
    return Comparison({figure.name: figure for figure in figures})


def _compared_values(left: Sequence[Observed], right: Sequence[Observed], seed: str, test: Test) -> Iterable[Figure]:
    lefts, rights = ([day.values for day in side if day.values is not None] for side in (left, right))
    if not lefts or not rights:
        return
    every = [*lefts, *rights]
    logprobs, index = np.unique(np.concatenate([blocks.logprob for blocks in every]), return_inverse=True)
    sides = _sides(lefts, rights, logprobs, index)
    yield Figure("jaccard", distances.jaccard(sides))
    yield Figure("js_bits", distances.js_bits(sides))
    yield Figure("ks", distances.ks(sides))
    repeats = _together([day.repeats for day in (*left, *right) if day.values is not None])
    days = _days(every, logprobs, index, sides.first + sides.second)
    for name, axis in (("wasserstein_pp", days.axis), ("support", None)):
        result = test(days, len(lefts), distances.unshared_mass, axis, repeats, f"{seed}/{name}")
        exact = distances.wasserstein_pp(sides) if axis is not None else distances.unshared(sides)
        yield from _figures(name, exact, result)


def _compared_completions(
    left: Sequence[Observed], right: Sequence[Observed], seed: str, test: Test
) -> Iterable[Figure]:
    lefts, rights = ([day.completions for day in side if day.completions] for side in (left, right))
    if not lefts or not rights:
        return
    sides = distances.sides_of_answers(*(sum(map(Counter, side), Counter()) for side in (lefts, rights)))
    if not all(any(day.values for day in side) for side in (left, right)):
        yield Figure("jaccard", distances.jaccard(sides))
        yield Figure("js_bits", distances.js_bits(sides))
    days = _days_of_completions([*lefts, *rights])
    tests = (
        ("total_variation", distances.total_variation(sides), distances.variation),
        ("completions_support", distances.unshared(sides), distances.unshared_mass),
    )
    for name, observed, statistic in tests:
        yield from _figures(name, observed, test(days, len(lefts), statistic, None, NO_REPEATS, f"{seed}/{name}"))


def _figures(name: str, observed: float, result: tuple[float, int, float | None] | tuple[()]) -> Iterable[Figure]:
    yield Figure(name, observed, *result[:2])
    if result and result[2] is not None:
        yield Figure(f"{name}{APART}", result[2])


def _compared_tokens(left: Sequence[Observed], right: Sequence[Observed]) -> Iterable[Figure]:
    lefts, rights = ([day.tokens for day in side if day.tokens] for side in (left, right))
    if lefts and rights:
        yield Figure("lt_nat", distances.lt_nat(distances.pooled(lefts), distances.pooled(rights)))


def _tested(
    days: Days,
    lefts: int,
    statistic: Statistic,
    axis: Array | None,
    repeats: Repeats,
    seed: str,
    *,
    most: int,
    unknown: float,
) -> tuple[float, int, float | None] | tuple[()]:
    """The p-value of the first `lefts` days against the others, and its permutations; nothing where all values are one.

    With an axis the statistic is the area over it. `unknown`: the design effect that a few days are taken to have.
    """
    if len(days.axis) < 2:
        return ()
    parts = days.counts[:lefts], days.counts[lefts:]
    within = design_effect_within(days, repeats, axis)
    between = _between_days([Days(days.axis, part) for part in parts], axis)
    differ = between is not None and between.is_beyond(within)
    are_few = max(map(len, parts)) < FEW_DAYS
    variance = max(within, between.upper if between else unknown if are_few else 1.0)
    # Days that differ are days that keep together. Otherwise they might a little, for all that so few of them say.
    effect, stretch = (variance, 1.0) if differ else (within, variance / within)
    by_day, distance = days.by_day, statistic if axis is None else partial(distances.area_between, axis=days.axis)
    if axis is not None:
        days = _joined(days, effect)
        statistic = partial(distances.area_between, axis=days.axis)
    counts = days.by_day
    sides = Sides(days.axis, counts[:lefts].sum(axis=0), counts[lefts:].sum(axis=0))
    p_value, draws = permuted(statistic, sides, seed=seed, design_effect=effect, stretch=stretch, most=most)
    apart = None
    if differ and min(map(len, parts)) == 1:
        p_value = max(p_value, stands_out(statistic, counts if lefts == 1 else counts[::-1]))
        if finest(sides, effect) > FINEST:
            apart = beyond(distance, by_day if lefts == 1 else by_day[::-1])
    return p_value, draws, apart


def _between_days(sides: Sequence[Days], axis: Array | None) -> Overdispersion | None:
    """Of the side whose days may differ the most; None where no side has enough of them to say."""
    found = [between for side in sides if (between := overdispersion_of_days(side, axis))]
    return max(found, key=lambda between: between.upper, default=None)


def stands_out(statistic: Statistic, counts: Array) -> float:
    """How likely the first day is as far from the others as it is, judged by how far each of them is from the rest.

    A one-sided prediction interval of Student's t with one degree of freedom less than others. `counts`: shape (D, K).
    """
    observed, apart = _apart(statistic, counts)
    mean, deviation = float(np.mean(apart)), float(np.std(apart, ddof=1))
    if observed <= mean or deviation == 0:
        return float(observed <= mean)
    return float(stdtr(len(apart) - 1, -(observed - mean) / (deviation * math.sqrt(1 + 1 / len(apart)))))


def beyond(statistic: Statistic, counts: Array) -> float:
    """How likely the first day is so many times as far from the others as each of them is from the rest.

    Student's t of its distance over theirs, as if the distance were that of one measure to its mean, either way: exact for
    a normal one, and cautious for more. `counts`: shape (D, K).
    """
    observed, apart = _apart(statistic, counts)
    typical = math.sqrt(math.fsum(one**2 for one in apart) / len(apart))
    return min(1.0, 2 * float(stdtr(len(apart) - 1, -observed / typical))) if typical > 0 else 1.0


def _apart(statistic: Statistic, counts: Array) -> tuple[float, list[float]]:
    """How far the first day is from the others, and each of them from the rest of them."""
    others = counts[1:]
    together = others.sum(axis=0)
    return _between(statistic, counts[0], together), [_between(statistic, day, together - day) for day in others]


def finest(sides: Sides, effect: float) -> float:
    """The smallest p-value that draws can give."""
    clumps = Clumps.of(sides, effect)
    return 1 / math.comb(int(clumps.number.sum()), clumps.on_first)


def lingering(day: Comparison, before: Comparison) -> Comparison:
    """The day's comparison, with the day before's to the same others: where draws cannot say, both may lie too far off.

    Such a test's p-value is that of both days, if it is smaller: the larger one squared, and doubled for one more try.
    """
    figures = dict(day.figures)
    for name, p_value in day.p_values.items():
        chances = [of.figures[name + APART].statistic for of in (day, before) if name + APART in of.figures]
        known = [chance for chance in chances if chance is not None]
        if len(known) == 2:
            figures[name] = replace(figures[name], p_value=min(p_value, 2 * max(known) ** 2))
    return Comparison(figures)


def _between(statistic: Statistic, first: Array, second: Array) -> float:
    return float(statistic(first[np.newaxis] / first.sum(), second[np.newaxis] / second.sum())[0])


def _sides(lefts: Sequence[Blocks], rights: Sequence[Blocks], logprobs: Array, index: NDArray[np.int64]) -> Sides:
    """Both sides, value by value; `index` says which of `logprobs` each row of their days has."""
    is_first = np.arange(len(index)) < sum(len(day.n) for day in lefts)
    n = np.concatenate([day.n for day in (*lefts, *rights)])
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
