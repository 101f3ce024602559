"""The rows that report SQL returns, as far as pages read them. A column that a mart lacks is one clear error here."""

import datetime as dt
from functools import cached_property
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from tasks.core.plan import SeriesKey
from tasks.core.statistics import Interval, wilson_interval


class Row(BaseModel):
    """A row of a mart; columns that no page reads are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    derived: ClassVar[tuple[str, ...]] = ()
    """Properties that its sheet has as columns too."""


class InSeries(Row):
    """A row of one series of a study that the query names."""

    study: str = ""
    endpoint: str
    model: str
    arm: str
    prompt: str

    @cached_property
    def key(self) -> SeriesKey:
        """The series within its study."""
        return SeriesKey(self.study, self.endpoint, self.model, self.arm, self.prompt)


class ShareRow(InSeries):
    """So many of so many: its share, and the share's 95% interval."""

    derived: ClassVar[tuple[str, ...]] = ("share", "wilson_low", "wilson_high")

    @property
    def of(self) -> tuple[int, int]:
        """How many, of how many."""
        raise NotImplementedError

    @cached_property
    def interval(self) -> Interval | None:
        """The 95% interval of the share; None of nothing."""
        return wilson_interval(*self.of) if self.of[1] else None

    @property
    def wilson_low(self) -> float | None:
        """The interval's lower end."""
        return self.interval and self.interval.low

    @property
    def wilson_high(self) -> float | None:
        """The interval's upper end."""
        return self.interval and self.interval.high


class StudyRow(Row):
    """A study: what its runs and its series have in common."""

    study: str
    threshold_pp: float
    runs: int
    withheld: int
    last_run_at: dt.datetime | None
    last_state: str | None
    last_reason: str | None
    is_simulated: bool
    series: int
    first_day: dt.date | None
    last_day: dt.date | None
    samples: int


class SpreadRow(InSeries):
    """How far one identical request's answers spread, over a day or over all. Nulls where nothing was observed."""

    derived = ("modal_wilson_low", "modal_wilson_high")
    samples: int
    observed: int
    failures: int
    unobserved: int
    distinct_values: int | None
    min_pct: float | None
    max_pct: float | None
    range_pp: float | None
    modal_pct: float | None
    modal_share: float | None
    effective_values: float | None
    gini_simpson: float | None
    chao1: float | None
    unseen_mass: float | None
    coverage: float | None

    @property
    def modal_n(self) -> int:
        """How often the most frequent value was seen."""
        return round((self.modal_share or 0) * self.observed)

    @property
    def modal_wilson_low(self) -> float | None:
        """The lower end of the modal share's interval."""
        return wilson_interval(self.modal_n, self.observed).low if self.observed else None

    @property
    def modal_wilson_high(self) -> float | None:
        """The upper end of the modal share's interval."""
        return wilson_interval(self.modal_n, self.observed).high if self.observed else None


class SeriesRow(SpreadRow):
    """A series, its request and its spread over all days."""

    request: str | None
    follow: str | None
    token: str | None
    first_day: dt.date
    last_day: dt.date
    days: int
    is_simulated: bool
    served_models: list[str | None] | None
    clusters: dict[float, int] = Field(description="Number of clusters by threshold in pp.")


class DayRow(SpreadRow):
    """The spread of one day."""

    day: dt.date


class SparkRow(InSeries):
    """A day of a sparkline."""

    day: dt.date
    distinct_values: int | None
    min_pct: float | None
    max_pct: float | None
    modal_pct: float | None


class DiscsRow(InSeries):
    """The values, or the clusters, of one day: the ends of each, and its calls, in the same order."""

    day: dt.date
    is_value: bool
    low_pct: list[float]
    high_pct: list[float]
    n: list[int]

    @property
    def discs(self) -> list[tuple[float, float, int]]:
        """Each from where to where, and how often; from low to high."""
        return sorted(zip(self.low_pct, self.high_pct, self.n, strict=True))


class ClusterRow(InSeries):
    """A cluster of values over all days, or of one."""

    day: dt.date | None = None
    threshold_pp: float
    cluster: int
    n: int
    distinct_values: int
    min_pct: float
    max_pct: float
    share: float
    gap_nat: float | None = None
    grid_point_nat: float | None = None
    residual_nat: float | None = None


class ValueRow(InSeries):
    """How often one value came with one fingerprint."""

    logprob: float
    probability_pct: float
    system_fingerprint: str | None
    n: int
