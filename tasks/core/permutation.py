"""Could two sides be one? Permutation tests on counts: which samples stand on which side is drawn anew, many times."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.core.distances import Array, Sides

Statistic = Callable[[Array, Array], Array]
"""Shares of the first and of the second side, shape (draws, K) each, to a statistic a draw; larger is farther apart."""

# Drawing ends with so many draws as far apart as what was seen: the p-value will not be small (Besag & Clifford, 1991).
EXCEEDANCES = 10
MOST_DRAWS = 19_999
FIRST_DRAWS = 40
# Of as many the mean is good to a tenth of their standard deviation.
DRAWS_FOR_MEAN = 100
NUMBERS_AT_ONCE = 1_000_000
# Beyond so many values they are joined into as many quantiles: where hardly two are equal, none says much by itself.
MOST_VALUES = 1000
ROUNDING = 1e-9
# So many samples are shuffled in the time that one value's number takes to draw.
COUNTED = 10


class Permuted(NamedTuple):
    """A p-value, and the draws it took."""

    p_value: float
    permutations: int


@dataclass(frozen=True, slots=True)
class Clumps:
    """Both sides' samples, in clumps that go to one side together: of one sample each where samples are independent."""

    number: NDArray[np.int64]
    weight: Array
    on_first: int

    @classmethod
    def of(cls, sides: Sides, design_effect: float) -> "Clumps":
        """As many samples a clump as the design effect says, at least one clump a value."""
        pooled = sides.first + sides.second
        number = np.maximum(1, np.rint(pooled / design_effect))
        share = sides.first.sum() / pooled.sum()
        on_first = int(np.clip(np.rint(number.sum() * share), 1, number.sum() - 1))
        return cls(number.astype(np.int64), pooled / number, on_first)

    def draw(self, rng: np.random.Generator, draws: int) -> tuple[Array, Array]:
        """Shares of the first and of the second side, shape (draws, K) each."""
        # Sample by sample where there are few of them for each value: seventy times as fast where no two are equal.
        method: Literal["count", "marginals"] = "count" if self.on_first < COUNTED * len(self.number) else "marginals"
        first = rng.multivariate_hypergeometric(self.number, self.on_first, size=draws, method=method)
        sides = (first * self.weight, (self.number - first) * self.weight)
        return sides[0] / sides[0].sum(axis=1, keepdims=True), sides[1] / sides[1].sum(axis=1, keepdims=True)


def permuted(
    statistic: Statistic,
    sides: Sides,
    *,
    seed: str,
    design_effect: float = 1.0,
    stretch: float = 1.0,
    most: int = MOST_DRAWS,
) -> Permuted:
    """The share of draws that lie as far apart as the sides do, for at most so many draws.

    (1 + exceedances) / (1 + draws), or, where drawing ends early, exceedances / draws. The same seed gives the same
    result. Sides with one value in common are as close as can be: 1. Shapes: sides of K values each.

    `design_effect`: so many samples tell as much as one independent one, and go to one side together. `stretch`: the
    variance between days, of that between such draws: each draw's distance from their mean is stretched by its root.
    """
    if len(sides.axis) < 2:
        return Permuted(1.0, 0)
    observed = float(statistic(*(side[np.newaxis] for side in sides.shares))[0])
    rng = np.random.default_rng(list(seed.encode()))
    clumps = Clumps.of(sides, design_effect)
    least = observed - ROUNDING * abs(observed)
    if stretch > 1:
        mean = float(statistic(*clumps.draw(rng, DRAWS_FOR_MEAN)).mean())
        # What is nearer than draws are on average is no sign of a change, however much they vary.
        least = min(least, mean + max(0.0, least - mean) / math.sqrt(stretch))
    exceedances, draws, size = 0, 0, FIRST_DRAWS
    while draws < most:
        size = max(1, min(size, most - draws, NUMBERS_AT_ONCE // len(sides.axis)))
        is_as_far = statistic(*clumps.draw(rng, size)) >= least
        if exceedances + is_as_far.sum() >= EXCEEDANCES:
            draws += int(np.searchsorted(np.cumsum(is_as_far), EXCEEDANCES - exceedances)) + 1
            return Permuted(EXCEEDANCES / draws, draws)
        exceedances += int(is_as_far.sum())
        draws += size
        size *= 4
    return Permuted((1 + exceedances) / (1 + draws), draws)


def quantile_groups(pooled: Array, most: int = MOST_VALUES) -> NDArray[np.int64]:
    """Which group each of K values in order belongs to: its own, or where there are more than `most`, a quantile's.

    Groups are numbered from 0 without a gap, and hold about as many samples each. Shape (K,).
    """
    if len(pooled) <= most:
        return np.arange(len(pooled))
    position = (np.cumsum(pooled) - pooled) / pooled.sum()
    return np.unique((most * position).astype(np.int64), return_inverse=True)[1]
