"""Does the hour of the day, or the day of the week, move the probability? Once there are enough days to ask."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.core.distances import Array
from tasks.core.permutation import EXCEEDANCES, ROUNDING

# An hour shows on so many days that have several, a weekday in so many weeks.
LEAST_DAYS = 7
LEAST_HOURS = 4
LEAST_WEEKS = 4
LEAST_WEEKDAYS = 4
PERMUTATIONS = 999


@dataclass(frozen=True, slots=True)
class Cells:
    """Means of a series in percent, each of `n` samples of one hour (0 to 23) of one day (days since 1970). Shapes: (cells,)."""

    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    n: Array
    mean_pct: Array


@dataclass(frozen=True, slots=True)
class Effect:
    """How many groups and days there are, and, where they are enough, the variance that the groups explain, with its p-value."""

    name: str
    groups: int
    days: int
    explained_share: float | None = None
    p_value: float | None = None
    permutations: int | None = None


def effects(cells: Cells, seed: str) -> list[Effect]:
    """The effects of the hour and of the weekday. The same seed gives the same result."""
    return [_hour(cells, f"{seed}/hour"), _weekday(cells, f"{seed}/weekday")]


def _hour(cells: Cells, seed: str) -> Effect:
    """Hours against each other within the days that have several of them: a day's own mean is taken out."""
    days, index, hours = np.unique(cells.day, return_inverse=True, return_counts=True)
    several = hours[index] >= LEAST_HOURS
    enough = int((hours >= LEAST_HOURS).sum())
    groups = len(np.unique(cells.hour))
    if enough < LEAST_DAYS:
        return Effect("hour", groups, len(days))
    tested = _permuted(cells.hour[several], index[several], cells.n[several], cells.mean_pct[several], seed)
    return Effect("hour", groups, len(days), *tested)


def _weekday(cells: Cells, seed: str) -> Effect:
    """Weekdays against each other within the weeks that have several of them: a week's own mean is taken out."""
    days, index = np.unique(cells.day, return_inverse=True)
    n = np.bincount(index, cells.n).astype(float)
    means = np.bincount(index, cells.n * cells.mean_pct) / n
    # The first of January 1970 was a Thursday; weeks begin on Monday.
    weekday, week = (days + 3) % 7, (days + 3) // 7
    week_index, of_week = np.unique(week, return_inverse=True, return_counts=True)[1:]
    several = of_week[week_index] >= LEAST_WEEKDAYS
    groups = len(np.unique(weekday))
    if int((of_week >= LEAST_WEEKDAYS).sum()) < LEAST_WEEKS:
        return Effect("weekday", groups, len(days))
    tested = _permuted(weekday[several], week_index[several], n[several], means[several], seed)
    return Effect("weekday", groups, len(days), *tested)


def _permuted(
    group: NDArray[np.int64], stratum: NDArray[np.int64], n: Array, mean: Array, seed: str
) -> tuple[float, float, int] | tuple[()]:
    """The share of the variance within strata that groups explain, its p-value with groups shuffled within strata, and draws.

    Nothing where there is no variance.
    """
    totals = np.bincount(stratum, n)
    centred = mean - (np.bincount(stratum, n * mean) / np.where(totals > 0, totals, 1))[stratum]
    variance = float(n @ centred**2)
    if variance <= ROUNDING**2 * float(n @ mean**2):
        return ()

    def explained(groups: NDArray[np.int64]) -> float:
        sums, sizes = np.bincount(groups, n * centred), np.bincount(groups, n)
        return float((sums[sizes > 0] ** 2 / sizes[sizes > 0]).sum()) / variance

    observed, rng = explained(group), np.random.default_rng(list(seed.encode()))
    exceedances = 0
    for draw in range(1, PERMUTATIONS + 1):
        exceedances += explained(group[_shuffled_within(stratum, rng)]) >= observed * (1 - ROUNDING)
        if exceedances == EXCEEDANCES:
            return observed, exceedances / draw, draw
    return observed, (1 + exceedances) / (1 + PERMUTATIONS), PERMUTATIONS


def _shuffled_within(stratum: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices that put each element somewhere in its own stratum. Shape as `stratum`."""
    places, drawn = np.argsort(stratum, kind="stable"), np.lexsort((rng.random(len(stratum)), stratum))
    shuffled = np.empty_like(places)
    shuffled[places] = drawn
    return shuffled
