"""Deciding the days of a study one after the other: what each is compared with, and what came of it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tasks.core.canonical import canonical_json, digest
from tasks.core.change import METHOD, Comparison, Observed, compare, is_new_ground, lingering
from tasks.core.drift import (
    BASELINE_DAYS,
    BORN,
    GONE,
    HISTORY_DAYS,
    RARE,
    Decision,
    Evidence,
    baseline,
    coarse,
    decide,
    differing,
    same_request,
    unobserved,
)
from tasks.core.fingerprints import Shares, chance_of_absence, chance_of_birth
from tasks.core.grid import GridFit, chance_of_grid, grid_step_nat
from tasks.core.permutation import MOST_DRAWS
from tasks.core.plan import Asked, SeriesKey

# With four tests, and no draw as far apart as what was seen, the q-value of one series of so many is half the level.
DRAWS_A_SERIES = 6_000


@dataclass(frozen=True, slots=True)
class ShownDay:
    """One day of a series: what it showed with its hash, which fingerprints answered, those new to the series, its grid."""

    content: str
    observed: Observed
    fingerprints: Shares
    born: Sequence[str]
    grid: GridFit | None


Show = Callable[[SeriesKey, dt.date], ShownDay]


class Deciding:
    """Decides the days of a study in order; each day's decisions are history for the next.

    `show` says what a series showed on a day. `histories` are the decisions before, oldest first. `known` are
    comparisons made before, by the hash of what went in; `made` are those made here.
    """

    def __init__(
        self,
        show: Show,
        histories: Mapping[SeriesKey, Sequence[Decision]] | None = None,
        known: Mapping[str, Comparison] | None = None,
    ) -> None:
        self._show = show
        self._history: dict[SeriesKey, list[Decision]] = defaultdict(list)
        self._history |= {key: list(history) for key, history in (histories or {}).items()}
        self._known = dict(known or {})
        self.made: dict[str, tuple[SeriesKey, dt.date, Comparison]] = {}

    def day(self, day: dt.date, asked: Mapping[SeriesKey, Asked]) -> list[Decision]:
        """The decisions on a day with these series, each with what it was asked that day."""
        shows = [key for key in asked if self._show(key, day).observed.is_any]
        evidence = self._sharpened([self._evidence(key, day, asked[key]) for key in shows])
        apart = differing(evidence)
        decided = decide([self._settled(one) if one.is_settling and one.key in apart else one for one in evidence])
        for decision in decided:
            history = self._history[decision.key]
            history.append(decision)
            del history[:-HISTORY_DAYS]
        return decided + [unobserved(key, day, asked[key]) for key in asked if key not in shows]

    def _evidence(self, key: SeriesKey, date: dt.date, asked: Asked) -> Evidence:
        every = self._history[key]
        history = same_request(every, asked)
        day = self._show(key, date)
        alone = Evidence(
            key=key,
            day=date,
            asked=asked,
            previous_day=every[-1].day if every else None,
            history=tuple(history),
            grid_step_nat=grid_step_nat([day.grid]) if day.grid else None,
        )
        if not history:
            return alone
        days = baseline(history)
        previous_hash, previous = self._compared(key, date, [history[-1].day])
        baseline_hash, from_baseline = self._from_baseline(key, date, history[-1].day, days)
        grids = [grid for grid in (self._show(key, one).grid for one in days) if grid]
        return replace(
            alone,
            previous=previous,
            previous_hash=previous_hash,
            from_baseline=from_baseline,
            baseline_days=tuple(days),
            baseline_hash=baseline_hash,
            grid_chance=chance_of_grid(day.grid, grids) if day.grid and grids else None,
            born=tuple(self._born(key, day, history)),
            gone=tuple(self._gone(key, day, history)),
        )

    def _sharpened(self, evidence: list[Evidence]) -> list[Evidence]:
        """The same, with as many draws as it takes for one of so many series to differ alone."""
        most = max(MOST_DRAWS, DRAWS_A_SERIES * len(evidence))
        lacking = coarse(evidence) if most > MOST_DRAWS else set()
        return [self._redrawn(one, most) if one.key in lacking else one for one in evidence]

    def _redrawn(self, one: Evidence, most: int) -> Evidence:
        found, from_baseline = self._from_baseline(one.key, one.day, one.history[-1].day, one.baseline_days, most)
        return replace(one, baseline_hash=found, from_baseline=from_baseline)

    def _from_baseline(
        self, key: SeriesKey, date: dt.date, last: dt.date, days: Sequence[dt.date], most: int = MOST_DRAWS
    ) -> tuple[str, Comparison]:
        """A day against its baseline, as `_compared`; where that leaves open whether it changed, the last day has a say."""
        found, comparison = self._compared(key, date, days, most)
        if last in days or not comparison.leaves_open:
            return found, comparison
        return found, lingering(comparison, self._compared(key, last, days)[1])

    def _settled(self, one: Evidence) -> Evidence:
        """The same, and how the day compares with what was before the day before, which began a new regime."""
        former = baseline(one.history[:-1])
        if not former:
            return one
        _, from_former = self._compared(one.key, one.day, former)
        days = [self._show(one.key, day).observed for day in (*former, one.history[-1].day)]
        return replace(
            one,
            from_former=from_former,
            is_new_ground=is_new_ground(self._show(one.key, one.day).observed, days),
        )

    def _compared(
        self, key: SeriesKey, date: dt.date, others: Sequence[dt.date], most: int = MOST_DRAWS
    ) -> tuple[str, Comparison]:
        """A day against others, with the hash of what went in: as it is known, or made now."""
        day, rest = self._show(key, date), [self._show(key, other) for other in others]
        content = [METHOD, key, date.isoformat(), day.content, [other.content for other in rest], most]
        found = digest(canonical_json(content))
        if found not in self._known:
            self._known[found] = compare(day.observed, [other.observed for other in rest], seed=found, most=most)
            self.made[found] = (key, date, self._known[found])
        return found, self._known[found]

    def _born(self, key: SeriesKey, day: ShownDay, history: Sequence[Decision]) -> Iterator[str]:
        earlier = [self._show(key, one.day).fingerprints for one in history[-BASELINE_DAYS:]]
        for name in day.born:
            if chance_of_birth(day.fingerprints, earlier, name) < RARE:
                yield name

    def _gone(self, key: SeriesKey, day: ShownDay, history: Sequence[Decision]) -> Iterator[str]:
        # Of the regime alone, as far back as absences are looked for: what went with the last change is no news.
        regime = [one for one in history if one.regime_first_day == history[-1].regime_first_day]
        before = [self._show(key, one.day).fingerprints for one in regime]
        for name in sorted(name for name in set().union(*before) - set(day.fingerprints) if name is not None):
            chance = chance_of_absence([*before, day.fingerprints], name)
            last = max(index for index, shares in enumerate(before) if name in shares)
            was_said = any(GONE.format(name) in (one.reason or "").split(", ") for one in regime[last + 1 :])
            # Swapped in the middle of its last day, or there for that day alone: the birth was this news.
            was_swapped = BORN.format("") in (regime[last].reason or "")
            if chance is not None and chance < RARE and not was_said and not was_swapped:
                yield name
