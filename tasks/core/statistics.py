"""Statistics of counts that SQL does not compute: rarefaction, samples needed, intervals of shares."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A 95% interval of a share; both ends between 0 and 1."""

    low: float
    high: float


def rarefied_values(counts: Sequence[int], m: int) -> float:
    """How many distinct values a random `m` of the samples would show, on average.

    `counts` has one count a value. The sum over values of 1 - C(n - n_i, m) / C(n, m), by log-gamma (Hurlbert,
    1971, "The nonconcept of species diversity"). Raises ValueError where m is negative or above n: no extrapolation.
    """
    n_i = np.asarray(counts, dtype=float)
    n = float(n_i.sum())
    if not 0 <= m <= n:
        raise ValueError(f"rarefied values at {m} need at least so many samples, and there are {n:.0f}")
    seldom = n_i[n_i <= n - m]
    log_missed = gammaln(n - seldom + 1) - gammaln(n - seldom - m + 1) - gammaln(n + 1) + gammaln(n - m + 1)
    return float(len(n_i) - np.exp(log_missed).sum())


def samples_needed(frequency: float, chance: float = CONFIDENCE) -> int:
    """Samples that show a value of this frequency at least once, with this chance. Raises ValueError outside (0, 1)."""
    if not (0 < frequency < 1 and 0 < chance < 1):
        raise ValueError("frequency and chance must lie between 0 and 1, both ends excluded")
    return math.ceil(math.log1p(-chance) / math.log1p(-frequency))


def wilson_interval(events: int, n: int) -> Interval:
    """The Wilson 95% interval of events/n (Wilson, 1927). Raises ValueError for no trials or too many events."""
    # scipy.stats takes most of a second to import, and a run that shows no interval should not wait for it.
    from scipy.stats import binomtest

    interval = binomtest(events, n).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(float(interval.low), float(interval.high))


def rule_of_three(n: int) -> float:
    """The largest share that no event in `n` trials leaves plausible at 95%: 3/n. Raises ValueError without trials."""
    if n < 1:
        raise ValueError("the rule of three needs at least one trial")
    return min(1.0, 3 / n)
