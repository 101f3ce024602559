"""Did something change? Each day of a study is decided from what the days before it showed.

The promise is about one false alarm a year and study. Half of it goes to the permutation tests: a day's level is half a
false alarm over 365 days, after Benjamini-Hochberg over all series of the study's day. The rest goes to fingerprints
and grids, each below P < 0.001.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.core.change import Comparison
from tasks.core.plan import Asked, SeriesKey
from tasks.core.statistics import benjamini_hochberg

FALSE_ALARMS_A_YEAR = 1.0
LEVEL = FALSE_ALARMS_A_YEAR / 2 / 365
RARE = 0.001
BASELINE_DAYS = 14
# A series whose days differ from the day before as often as this, of the last fourteen, is restless.
RESTLESS_DAYS = 5
# Days of history that a decision can depend on: a baseline, and a fingerprint's absence after fourteen days of it.
HISTORY_DAYS = 30

REASONS = {
    "wasserstein_pp": "distribution",
    "support": "values",
    "total_variation": "answers",
    "completions_support": "answers",
}
REQUEST_CHANGED = "request changed"
BORN = "fingerprint born: {}"
GONE = "fingerprint gone: {}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of one day of a series. Its regime began on `regime_first_day`; p-values as in drift_by_day."""

    key: SeriesKey
    day: dt.date
    request_id: str
    follow: str | None
    is_observed: bool
    previous_day: dt.date | None
    previous_hash: str | None
    previous_p_value: float | None
    baseline_first_day: dt.date | None
    baseline_last_day: dt.date | None
    baseline_days: int
    baseline_hash: str | None
    grid_step_nat: float | None
    p_value: float | None
    q_value: float | None
    is_alarm: bool
    reason: str | None
    regime_first_day: dt.date
    is_restless: bool

    @property
    def asked(self) -> Asked:
        """The request, and the token that was followed."""
        return Asked(self.request_id, self.follow)


History = Sequence[Decision]
"""The decisions of one series before a day, of days that observed something, oldest first: the last HISTORY_DAYS."""


def same_request(history: History, asked: Asked) -> History:
    """The unbroken last stretch of days with this request and token: days are compared only within one."""
    for index in range(len(history) - 1, -1, -1):
        if history[index].asked != asked:
            return history[index + 1 :]
    return history


def is_restless(history: History) -> bool:
    """Whether the days of a series, all of one request, keep differing from the day before."""
    last = history[-BASELINE_DAYS:]
    return sum(day.previous_p_value is not None and day.previous_p_value < RARE for day in last) >= RESTLESS_DAYS


def baseline(history: History) -> list[dt.date]:
    """The quiet days that the next one is compared with: the last fourteen of the regime, the most recent left out.

    `history` is of one request. One quiet day alone is the baseline. A restless series has no quiet days: it is
    compared with all of the last fourteen, and must stand out from them.
    """
    if not history:
        return []
    regime = history[-1].regime_first_day
    days = [day.day for day in history if is_restless(history) or day.regime_first_day == regime]
    return days[:-1][-BASELINE_DAYS:] or days


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a change of one series on one day that observed something.

    `history` is of the same request as the day; `previous_day` is of any. `from_former`: the day against the baseline of
    the regime before, where the day before began a new one; `is_new_ground`: most of the day lies where neither that nor
    the day before had anything. `grid_chance`: of the day's grid. `born`, `gone`: fingerprints, where that is no chance.
    """

    key: SeriesKey
    day: dt.date
    asked: Asked
    previous_day: dt.date | None
    history: History
    previous: Comparison | None = None
    previous_hash: str | None = None
    from_baseline: Comparison | None = None
    baseline_days: Sequence[dt.date] = ()
    baseline_hash: str | None = None
    grid_step_nat: float | None = None
    grid_chance: float | None = None
    born: Sequence[str] = ()
    gone: Sequence[str] = ()
    from_former: Comparison | None = None
    is_new_ground: bool = False

    @property
    def p_value(self) -> float | None:
        """Of the tests against the baseline."""
        return self.from_baseline.p_value if self.from_baseline else None

    @property
    def is_settling(self) -> bool:
        """Whether the day before began a new regime: what this day shows may be the same news."""
        return bool(self.history) and self.history[-1].is_alarm and begins_regime(self.history[-1])

    @property
    def has_never_stayed(self) -> bool:
        """Whether no regime of the last fourteen days lasted for two: there is nothing that this day could be a change of."""
        last = self.history[-BASELINE_DAYS:]
        return len(last) > 1 and all(map(begins_regime, last))

    @property
    def has_other_grid(self) -> bool:
        """Whether the day's lists are hardly of the baseline's grid."""
        return self.grid_chance is not None and self.grid_chance < RARE


def begins_regime(decision: Decision) -> bool:
    """Whether the day is the first of its regime."""
    return decision.regime_first_day == decision.day


def decide(evidence: Sequence[Evidence]) -> list[Decision]:
    """The decisions on one day of a study, of all its series that observed something."""
    q_values = _q_values(evidence)
    return [_decision(one, q_values.get(one.key)) for one in evidence]


def differing(evidence: Sequence[Evidence]) -> set[SeriesKey]:
    """The series that are not as their baseline."""
    q_values = _q_values(evidence)
    return {one.key for one in evidence if _differs(one, q_values.get(one.key))}


def coarse(evidence: Sequence[Evidence]) -> set[SeriesKey]:
    """The series that would differ if they were alone: among others, their p-values may lack draws."""
    q_values = _q_values(evidence)
    return {one.key for one in evidence if one.p_value is not None and one.p_value <= LEVEL < q_values[one.key]}


def _differs(one: Evidence, q_value: float | None) -> bool:
    return one.has_other_grid or (q_value is not None and q_value <= LEVEL)


def _decision(one: Evidence, q_value: float | None) -> Decision:
    differs = _differs(one, q_value)
    is_news = differs and (not one.is_settling or one.is_new_ground) and not one.has_never_stayed
    # What a day settles is the news of the day before, and so are the fingerprints that it leaves behind.
    gone = one.gone if is_news or not differs else ()
    reasons = [*(_reasons(one) if is_news else ()), *map(BORN.format, one.born), *map(GONE.format, gone)]
    request_changed = REQUEST_CHANGED if one.previous_day and not one.history else None
    return Decision(
        key=one.key,
        day=one.day,
        request_id=one.asked.request_id,
        follow=one.asked.follow,
        is_observed=True,
        previous_day=one.previous_day,
        previous_hash=one.previous_hash,
        previous_p_value=one.previous.p_value if one.previous else None,
        baseline_first_day=min(one.baseline_days, default=None),
        baseline_last_day=max(one.baseline_days, default=None),
        baseline_days=len(one.baseline_days),
        baseline_hash=one.baseline_hash,
        grid_step_nat=one.grid_step_nat,
        p_value=one.p_value,
        q_value=q_value,
        is_alarm=bool(reasons),
        reason=", ".join(reasons) or request_changed,
        regime_first_day=_regime(one, differs=differs, is_news=is_news),
        is_restless=is_restless(one.history),
    )


def unobserved(key: SeriesKey, day: dt.date, asked: Asked) -> Decision:
    """The decision on a day of which there is nothing to compare: every call failed, say."""
    return Decision(
        key=key,
        day=day,
        request_id=asked.request_id,
        follow=asked.follow,
        is_observed=False,
        previous_day=None,
        previous_hash=None,
        previous_p_value=None,
        baseline_first_day=None,
        baseline_last_day=None,
        baseline_days=0,
        baseline_hash=None,
        grid_step_nat=None,
        p_value=None,
        q_value=None,
        is_alarm=False,
        reason=None,
        regime_first_day=day,
        is_restless=False,
    )


def _regime(one: Evidence, *, differs: bool, is_news: bool) -> dt.date:
    """The first day of the regime that a day belongs to."""
    if not one.history or is_news:
        return one.day
    if not differs:
        return one.history[-1].regime_first_day
    # It settles, and is not as the day before: back to what was, or that day was in the middle of the change.
    is_back = one.from_former is not None and (one.from_former.p_value or 0) > RARE
    return one.history[-2].regime_first_day if is_back else one.day


def _reasons(one: Evidence) -> list[str]:
    """What differs: each test that rejects, with the correction that made the series' p-value, and the grid."""
    p_values = one.from_baseline.p_values if one.from_baseline else {}
    rejected = [reason for name, reason in REASONS.items() if len(p_values) * p_values.get(name, 1.0) <= LEVEL]
    return [*dict.fromkeys(rejected), *(["grid"] if one.has_other_grid else [])]


def _q_values(evidence: Sequence[Evidence]) -> dict[SeriesKey, float]:
    """Benjamini and Hochberg's, over the series of a day that could be tested."""
    p_values = {one.key: one.p_value for one in evidence if one.p_value is not None}
    return dict(zip(p_values, benjamini_hochberg(list(p_values.values())), strict=True))
