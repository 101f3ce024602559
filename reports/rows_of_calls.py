"""The rows of calls and runs, as far as pages read them: who served, how calls ended, what ran and what it cost."""

import datetime as dt
from typing import Literal

from reports.rows import InSeries, Row, ShareRow
from tasks.core.statistics import CONFIDENCE, wilson_interval

Verdict = Literal["more", "less", "as independent"]
"""How often consecutive samples repeat a value, against independent ones."""


class FingerprintDayRow(ShareRow):
    """A fingerprint's share of a day; None is the state of naming none."""

    derived = ("wilson_low", "wilson_high")
    day: dt.date
    system_fingerprint: str | None
    n: int
    share: float

    @property
    def of(self) -> tuple[int, int]:
        """Answers with it, of the day's answers."""
        return self.n, round(self.n / self.share)


class LifetimeRow(InSeries):
    """A fingerprint from its birth to its end."""

    system_fingerprint: str | None
    first_day: dt.date
    last_day: dt.date
    days_seen: int
    n: int
    status: str


class RequestRow(InSeries):
    """The days on which a request, and a token followed under it, was the series' own.

    Both may be edited, and days are compared only within one.
    """

    request_id: str
    follow: str | None
    first_day: dt.date
    last_day: dt.date


class OutcomeRow(ShareRow):
    """Samples by outcome and status, of all calls of the series that day."""

    day: dt.date | None = None
    outcome: str
    status: int | None
    n: int
    attempts: int | None
    mean_latency_s: float | None
    max_latency_s: float | None
    calls: int

    @property
    def of(self) -> tuple[int, int]:
        """Calls that ended so, of all."""
        return self.n, self.calls

    @property
    def share(self) -> float:
        """Their share."""
        return self.n / self.calls


class SequenceRow(ShareRow):
    """Consecutive samples and their repeats, of a day or (None) over all; the rates are None without a pair."""

    derived = ("wilson_low", "wilson_high", "verdict")
    day: dt.date | None
    pairs: int
    repeats: int
    repeat_rate: float | None
    expected_rate: float | None

    @property
    def of(self) -> tuple[int, int]:
        """Pairs with the same value, of all pairs."""
        return self.repeats, self.pairs

    @property
    def verdict(self) -> Verdict | None:
        """Whether the expected rate lies below, above or in the interval; None where no other rate was possible."""
        return self.verdict_among(1)

    def verdict_among(self, series: int) -> Verdict | None:
        """The same where so many series are judged together: intervals that hold all of them at 95% (Bonferroni)."""
        if not self.pairs or self.expected_rate in (None, 0, 1):
            return None
        low, high = wilson_interval(*self.of, confidence=1 - (1 - CONFIDENCE) / series)
        if low <= self.expected_rate <= high:
            return "as independent"
        return "more" if low > self.expected_rate else "less"


class RunRow(Row):
    """A run or an import."""

    run_id: str
    kind: str
    day: dt.date | None
    first_day: dt.date | None
    last_day: dt.date | None
    state: str
    reason: str | None
    planned: int | None
    attempted: int | None
    samples: int | None
    failures: int | None
    started_at: dt.datetime
    ended_at: dt.datetime
    configuration_hash: str | None
    revision: str | None
    versions: str | None
    source: str | None
    rejects: int | None
    is_withheld: bool


class QualityRow(Row):
    """A judged expectation of a run; `success` is None where it does not apply."""

    run_id: str
    expectation: str
    severity: str
    success: bool | None
    observed: str | None
    unexpected_count: int | None


class CostRow(InSeries):
    """Calls, tokens and dollars; None where they are unknown."""

    day: dt.date | None = None
    calls: int
    prompt_tokens: int | None
    completion_tokens: int | None
    usd: float | None
