"""The rows of what changes over days, and of what explains the clusters, as far as pages read them."""

import datetime as dt

from reports.rows import InSeries, Row


class DriftRow(InSeries):
    """A day against the previous one and against its baseline; `answered` calls came back that day."""

    day: dt.date
    answered: int
    previous_day: dt.date | None
    jaccard: float | None
    js_bits: float | None
    ks: float | None
    wasserstein_pp: float | None
    total_variation: float | None
    lt_nat: float | None
    grid_step_nat: float | None
    p_value: float | None
    q_value: float | None
    is_alarm: bool
    reason: str | None
    regime_first_day: dt.date | None
    is_restless: bool
    baseline_first_day: dt.date | None
    baseline_last_day: dt.date | None
    baseline_days: int
    baseline_jaccard: float | None
    baseline_js_bits: float | None
    baseline_ks: float | None
    baseline_wasserstein_pp: float | None
    baseline_total_variation: float | None
    baseline_lt_nat: float | None

    @property
    def reasons(self) -> list[str]:
        """The parts of the reason; none on a quiet day."""
        return self.reason.split(", ") if self.reason else []

    @property
    def is_compared(self) -> bool:
        """Whether there was a baseline to test the day against."""
        return self.p_value is not None


class AlarmRow(InSeries):
    """A change: an alarm of the last week (`is_news`), or a series' last change (`is_last`), ours or theirs."""

    day: dt.date
    is_alarm: bool
    reason: str
    q_value: float | None
    baseline_wasserstein_pp: float | None
    is_news: bool
    is_last: bool

    @property
    def reasons(self) -> list[str]:
        """The parts of the reason."""
        return self.reason.split(", ")


class SeriesOfDayRow(Row):
    """How many series of a study have a day."""

    study: str
    day: dt.date
    series: int


class AssociationRow(InSeries):
    """Clusters against fingerprints at one threshold, over all days and within days; nulls where either is but one."""

    threshold_pp: float
    cramers_v: float | None
    u_cluster_given_fingerprint: float | None
    u_fingerprint_given_cluster: float | None
    days_within: int | None
    cramers_v_within_days: float | None
    u_cluster_given_fingerprint_within_days: float | None
    u_fingerprint_given_cluster_within_days: float | None
    p_value: float | None
    permutations: int | None
    clusters: int | None
    fingerprints: int | None
    observed: int | None


class EffectRow(InSeries):
    """What share of the values' variance the hour or the weekday explains; null where there are not enough data."""

    effect: str
    groups: int
    days: int
    explained_share: float | None
    p_value: float | None
    permutations: int | None


class GridRow(InSeries):
    """The logit grid of all days' lists, and the clusters that it explains."""

    grid_step_nat: float | None
    share_on_grid: float | None
    gaps: int
    clusters_explained: int | None
    clusters: int


class GridDayRow(InSeries):
    """The logit grid of one day's lists."""

    day: dt.date
    lists: int
    gaps: int
    grid_step_nat: float | None


class TopListRow(InSeries):
    """One of the two most frequent top-k lists."""

    rank: int
    n: int
    share: float
    tokens: list[str]
    logprobs: list[float]


class CountsRow(InSeries):
    """How often each value of a day was seen."""

    day: dt.date
    counts: list[int]
