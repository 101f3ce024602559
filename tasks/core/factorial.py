"""Which of two factors did it: main effects on disagreement, and on distances, in a 2 x 2 of arms, with p-values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.core.canonical import digest

PERMUTATIONS = 999

Floats = NDArray[np.float64]
Counts = Mapping[str, int]
"""How often each completion was seen in one arm."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The mean disagreement at either level, their difference, and how often chance alone makes as large a one."""

    first: float
    second: float
    p_value: float

    @property
    def difference(self) -> float:
        """Second level less first; both are shares of pairs of calls."""
        return self.second - self.first


def main_effect(pairs: Sequence[tuple[Counts, Counts]], seed: str, permutations: int = PERMUTATIONS) -> Effect:
    """The effect of one factor on disagreement; `pairs` are (first level, second level) at each level of the other.

    Disagreement is Gini-Simpson's: the chance that two calls of an arm differ. Averaged over the other factor. Under
    the null hypothesis calls are exchangeable between the levels of this factor within a level of the other; p = (1 +
    permuted differences at least as large in size)/(1 + permutations). Raises ValueError for an arm of one call or none.
    """
    if any(sum(arm.values()) < 2 for pair in pairs for arm in pair):
        raise ValueError("a disagreement needs at least two calls in each arm")
    rng = np.random.default_rng(int(digest(seed), 16))
    return _effect([_splits(first, second, permutations, rng) for first, second in pairs], permutations)


def _effect(splits: Sequence[tuple[Floats, Floats]], permutations: int) -> Effect:
    """Of both sides at each level of the other factor, as observed and then for calls dealt out anew."""
    first, second = (np.mean([split[side] for split in splits], axis=0) for side in (0, 1))
    differences = np.abs(second - first)
    # The first is what was observed; rounding must not make a permutation that equals it smaller.
    as_large = int((differences[1:] >= differences[0] - 1e-12).sum())
    return Effect(float(first[0]), float(second[0]), (1 + as_large) / (1 + permutations))


@dataclass(frozen=True, slots=True)
class EmbeddedDay:
    """The completions of two arms on one day: K unit vectors, shape (K, dimensions), and each arm's counts, shape (K,)."""

    units: Floats
    first: NDArray[np.int64]
    second: NDArray[np.int64]


def distance_effect(
    pairs: Sequence[Sequence[EmbeddedDay]], seed: str, permutations: int = PERMUTATIONS
) -> Effect | None:
    """`main_effect`, on the mean cosine distance between two completions of the same day and arm.

    `pairs` are the days of (first level, second level) at each level of the other factor; calls are dealt out within a
    day, and days count as their calls. None where at some level no day has two completions in either arm.
    """
    usable = [[day for day in days if min(day.first.sum(), day.second.sum()) > 1] for days in pairs]
    if not all(usable):
        return None
    rng = np.random.default_rng(int(digest(seed), 16))
    return _effect([_distances(days, permutations, rng) for days in usable], permutations)


def _distances(days: Sequence[EmbeddedDay], permutations: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    sides = [np.zeros(1 + permutations), np.zeros(1 + permutations)]
    for day in days:
        pooled = day.first + day.second
        dealt = rng.multivariate_hypergeometric(pooled, day.first.sum(), size=permutations)
        left = np.vstack([day.first, dealt])
        # The cosines of all pairs, where they are fewer than the numbers of the vectors.
        grams = day.units @ day.units.T if len(day.units) <= day.units.shape[1] else None
        for side, counts in zip(sides, (left, pooled - left), strict=True):
            side += counts[0].sum() * _mean_distance(counts.astype(np.float64), day.units, grams)
    first, second = (sum(int(getattr(day, side).sum()) for day in days) for side in ("first", "second"))
    return sides[0] / first, sides[1] / second


def _mean_distance(counts: Floats, units: Floats, grams: Floats | None) -> Floats:
    """1 - cosine over all pairs of each row's completions, by the square of the sum of unit vectors."""
    n = counts[0].sum()
    squares = ((counts @ units) ** 2 if grams is None else (counts @ grams) * counts).sum(axis=1)
    return np.asarray(1 - (squares - n) / (n * (n - 1)))


def _splits(first: Counts, second: Counts, permutations: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Disagreement of either side: as observed, then for calls dealt out anew."""
    both = {completion: first.get(completion, 0) + second.get(completion, 0) for completion in {**first, **second}}
    repeated = sorted(completion for completion, n in both.items() if n > 1)
    # What came once makes no pair that agrees on either side, so all of it is dealt as one.
    pooled = [both[completion] for completion in repeated] + [len(both) - len(repeated)]
    observed = [first.get(completion, 0) for completion in repeated]
    n, m = sum(first.values()), sum(second.values())
    dealt = rng.multivariate_hypergeometric(pooled, n, size=permutations)[:, :-1]
    left = np.vstack([np.asarray(observed, dtype=np.int64), dealt])
    right = np.asarray(pooled[:-1], dtype=np.int64) - left
    return _gini_simpson(left, n), _gini_simpson(right, m)


def _gini_simpson(counts: NDArray[Any], n: int) -> Floats:
    """Of each row of counts: 1 - sum n_i(n_i - 1) / (n(n - 1))."""
    return np.asarray(1 - (counts * (counts - 1)).sum(axis=1) / (n * (n - 1)))
