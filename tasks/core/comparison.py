"""Two sides of days side by side, of one series or of two: how far they lie apart, and whether chance explains it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tasks.core.change import Observed
from tasks.core.statistics import rarefied_values


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


@dataclass(frozen=True, slots=True)
class Cluster:
    """Values of either side that stand together, in percent, and how often each side has them."""

    low_pct: float
    high_pct: float
    left: int
    right: int


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
