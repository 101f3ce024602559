"""Do samples depend on each other? How much more do parts of a day, or days, differ than independent samples would."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.core.distances import Array

# The blocks of a day, joined by so many: dependence that is longer than a block shows between longer ones.
JOINED = (1, 2, 4)
# Standard errors beyond which repeats, or the blocks' differences, are no chance.
STANDARD_ERRORS = 2.0
# A value is hardly kept for longer than this correlation says: beyond it, a day is one sample.
LONGEST = 0.99


@dataclass(frozen=True, slots=True)
class Days:
    """Counts of K values in the blocks of D days, of one series. `counts`: shape (D, blocks, K); `axis`: shape (K,)."""

    axis: Array
    counts: NDArray[np.float64]

    @property
    def by_day(self) -> Array:
        """Counts, shape (D, K)."""
        return np.asarray(self.counts.sum(axis=1))


@dataclass(frozen=True, slots=True)
class Repeats:
    """Consecutive samples, those of them with the same value, and how many would be by chance."""

    pairs: int
    repeats: int
    expected: float

    @property
    def design_effect(self) -> float:
        """Of a sequence that keeps its value with the chance that the repeats show, and else draws a new one.

        (1 + r) / (1 - r) for repeats r beyond chance (Cochran, 1977, for serial correlation r). At least 1.
        """
        if self.repeats <= self.expected or self.expected >= self.pairs:
            return 1.0
        kept = min((self.repeats - self.expected) / (self.pairs - self.expected), LONGEST)
        return (1 + kept) / (1 - kept)

    @property
    def are_more(self) -> bool:
        """Whether consecutive samples repeat a value more often than independent ones would."""
        if not 0 < self.expected < self.pairs:
            return False
        error = math.sqrt(self.expected * (1 - self.expected / self.pairs))
        return self.repeats - self.expected > STANDARD_ERRORS * error


def overdispersion(units: Array, axis: Array | None) -> tuple[Array, Array]:
    """The scatter of units around their mean, and what independent samples would scatter; units: shape (..., units, K).

    The first over the second is 1 on average for independent samples, and the design effect otherwise (Kish, 1965).
    Scatter is the squared distance between distribution functions over `axis`, or without one between shares. Units
    without a sample do not count. Shapes of the results: (...).
    """
    n = units.sum(axis=-1)
    total = n.sum(axis=-1)
    shares = units / np.maximum(1, n)[..., np.newaxis]
    mean = units.sum(axis=-2) / np.maximum(1, total)[..., np.newaxis]
    widths = np.ones(units.shape[-1])
    if axis is not None:
        shares, mean, widths = np.cumsum(shares, axis=-1)[..., :-1], np.cumsum(mean, axis=-1)[..., :-1], np.diff(axis)
    scatter = (n * ((shares - mean[..., np.newaxis, :]) ** 2 @ widths)).sum(axis=-1)
    freedom = np.maximum(0, (n > 0).sum(axis=-1) - 1)
    return scatter, freedom * ((mean * (1 - mean)) @ widths) * total / np.maximum(1, total - 1)


def design_effect_within(days: Days, repeats: Repeats, axis: Array | None) -> float:
    """So many samples of a day tell as much as one independent one; 1 where nothing shows that they depend."""
    effects = []
    for joined in JOINED:
        parts = np.add.reduceat(days.counts, np.arange(0, days.counts.shape[1], joined), axis=1)
        scatter, expected = (float(of_day.sum()) for of_day in overdispersion(parts, axis))
        if expected > 0:
            freedom = np.maximum(0, (parts.sum(axis=-1) > 0).sum(axis=-1) - 1).sum()
            effects.append((scatter / expected, math.sqrt(2 / freedom)))
    shows = repeats.are_more or any(effect - 1 > STANDARD_ERRORS * error for effect, error in effects)
    return max([repeats.design_effect, *(effect for effect, _ in effects)]) if shows else 1.0


@dataclass(frozen=True, slots=True)
class Overdispersion:
    """How much more days differ among themselves than independent samples would, and its jackknife error."""

    estimate: float
    error: float

    @property
    def upper(self) -> float:
        """What it may well be."""
        return self.estimate + STANDARD_ERRORS * self.error

    def is_beyond(self, explained: float) -> bool:
        """Whether it is more than the design effect within days explains, by more than its error."""
        return self.estimate - self.error > explained


def overdispersion_of_days(days: Days, axis: Array | None) -> Overdispersion | None:
    """Of at least three days; None for fewer, or where all samples are equal."""
    units = days.by_day
    number = len(units)
    scatter, expected = overdispersion(units, axis)
    if number < 3 or expected <= 0:
        return None
    without = np.stack([np.delete(units, index, axis=0) for index in range(number)])
    scatters, expecteds = overdispersion(without, axis)
    ratios = np.divide(scatters, expecteds, out=np.zeros(number), where=expecteds > 0)
    return Overdispersion(float(scatter / expected), math.sqrt((number - 1) * float(np.var(ratios))))
