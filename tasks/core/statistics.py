"""Statistics of counts that SQL does not compute: rarefaction, samples needed, intervals of shares."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, ndtri

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


def wilson_interval(events: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """The Wilson interval of events/n, 95% unless told. Raises ValueError for no trials or too many events.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n) with p = events/n (Wilson, 1927, "Probable inference, the law
    of succession, and statistical inference"). Closed form, since scipy.stats takes half a second to import.
    """
    if not 0 <= events <= n or n < 1:
        raise ValueError(f"an interval needs at least one trial and at most as many events, not {events} of {n}")
    share, z2 = events / n, float(ndtri((1 + confidence) / 2)) ** 2
    middle = share + z2 / (2 * n)
    reach = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n)))
    low, high = ((middle + side) / (1 + z2 / n) for side in (-reach, reach))
    # Exact at the ends, where the two terms cancel but for rounding.
    return Interval(low if events > 0 else 0.0, high if events < n else 1.0)


def rule_of_three(n: int) -> float:
    """The largest share that no event in `n` trials leaves plausible at 95%: 3/n. Raises ValueError without trials."""
    if n < 1:
        raise ValueError("the rule of three needs at least one trial")
    return min(1.0, 3 / n)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """The q-value of each p-value, in the order given: the smallest false discovery rate at which it is rejected.

    min over p_j >= p_i of m p_j / rank(p_j) (Benjamini & Hochberg, 1995, "Controlling the false discovery rate"). Closed
    form, since scipy.stats takes half a second to import.
    """
    order = np.argsort(p_values)[::-1]
    ranked = np.asarray(p_values, dtype=float)[order] * len(order) / np.arange(len(order), 0, -1)
    q_values = np.empty(len(order))
    q_values[order] = np.minimum.accumulate(ranked)
    return [float(q_value) for q_value in np.minimum(q_values, 1.0)]
