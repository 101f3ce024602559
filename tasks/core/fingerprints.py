"""Fingerprints that come and go: how likely that is where nothing changed."""

import math
from collections.abc import Mapping, Sequence

from scipy.special import gammaln

Shares = Mapping[str | None, int]
"""How many answers of a day came with each fingerprint; None is the state of naming none."""

# Days before a fingerprint's last one that say how frequent it was.
DAYS_BEFORE = 14


def chance_of_birth(day: Shares, earlier: Sequence[Shares], fingerprint: str) -> float:
    """How likely it is that all answers with a fingerprint stand on this day, and none on the earlier ones.

    Hypergeometric: C(n, k) / C(N + n, k) for its k among the day's n and N earlier answers. 1 without earlier answers.
    """
    n, before, k = sum(day.values()), sum(sum(one.values()) for one in earlier), day.get(fingerprint, 0)
    return _all_among(n, n + before, k)


def chance_of_absence(days: Sequence[Shares], fingerprint: str) -> float | None:
    """How likely it is that no answer after a fingerprint's last day comes with it; days in order, oldest first.

    Hypergeometric: C(N, k) / C(N + n, k) for its k among the N answers of the fourteen days up to its last one, and n
    later answers. None where it was never seen, or is not absent.
    """
    seen = [index for index, day in enumerate(days) if day.get(fingerprint, 0)]
    if not seen or seen[-1] == len(days) - 1:
        return None
    last = seen[-1] + 1
    until, later = days[max(0, last - DAYS_BEFORE) : last], days[last:]
    n, after = (sum(sum(day.values()) for day in side) for side in (until, later))
    return _all_among(n, n + after, sum(day.get(fingerprint, 0) for day in until))


def _all_among(n: int, every: int, k: int) -> float:
    """The chance that k of `every` answers, drawn at random, all lie among n given ones."""
    return math.exp(gammaln(n + 1) - gammaln(n - k + 1) - gammaln(every + 1) + gammaln(every - k + 1))
