"""What the figure of values over days draws: discs by series and period, with the days that have none."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.axis import log_odds
from reports.periods import Joining, Period, fitted
from reports.queries import StudyRows
from reports.rows import DiscsRow
from reports.rows_of_change import DriftRow
from reports.words_of_change import word_of
from tasks.core.plan import SeriesKey

MOST_MARKS = 1_300
MOST_PANELS = 12


@dataclass(frozen=True, slots=True)
class Disc:
    """A value or a cluster in one period; `share` is of that period's observed calls."""

    key: SeriesKey
    period: Period
    low_pct: float
    high_pct: float
    n: int
    share: float


@dataclass(frozen=True, slots=True)
class Change:
    """A day on which something changed, and the word for it; `is_ours` where the request was edited."""

    day: dt.date
    word: str
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One series' part of the figure."""

    key: SeriesKey
    discs: list[Disc]
    gaps: list[Period]
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class OverDays:
    """The figure: its panels, their common days, and how days were joined."""

    panels: list[Panel]
    first: dt.date
    last: dt.date
    note: str
    left_out: int
    rarer: int


def over_days(rows: StudyRows) -> OverDays | None:
    """The figure of a study; None where nothing was observed on any day."""
    first, last = rows.study.first_day, rows.study.last_day
    if not rows.discs or first is None or last is None:
        return None
    keys = _most_varied(rows)
    shown = [of_day for of_day in rows.discs if of_day.key in keys]
    joining = fitted({(of_day.key, of_day.day): len(of_day.n) for of_day in shown}, MOST_MARKS)
    discs, rarer = _most_frequent(_joined(shown, joining, rows.study.threshold_pp))
    panels = [_panel(rows, key, discs, first, last) for key in keys]
    every = len({of_day.key for of_day in rows.discs})
    return OverDays(panels, first, last, joining.note, every - len(keys), rarer)


def _most_varied(rows: StudyRows) -> list[SeriesKey]:
    """At most MOST_PANELS series that have values, the widest spread first where there are more; in page order."""
    observed = [row for row in rows.series if row.observed]
    kept = sorted(observed, key=lambda row: -(row.range_pp or 0))[:MOST_PANELS]
    return [row.key for row in observed if row in kept]


def _most_frequent(discs: list[Disc]) -> tuple[list[Disc], int]:
    """As many discs as a figure holds, those with the largest share, and how many that leaves out."""
    if len(discs) <= MOST_MARKS:
        return discs, 0
    least = sorted((disc.share for disc in discs), reverse=True)[MOST_MARKS]
    kept = [disc for disc in discs if disc.share > least]
    return kept, len(discs) - len(kept)


def _panel(rows: StudyRows, key: SeriesKey, discs: Iterable[Disc], first: dt.date, last: dt.date) -> Panel:
    mine = [disc for disc in discs if disc.key == key]
    periods = sorted({disc.period for disc in mine}, key=lambda period: period.first)
    changes = changes_of([row for row in rows.change.drift if row.key == key])
    return Panel(key, mine, gaps_between(periods, first, last), changes)


def changes_of(rows: Sequence[DriftRow]) -> list[Change]:
    """The days of one series on which something changed."""
    return [Change(row.day, word_of(row.reasons), not row.is_alarm) for row in rows if row.reason]


def gaps_between(periods: Sequence[Period], first: dt.date, last: dt.date) -> list[Period]:
    """The stretches of days without data from `first` to `last`: between these periods, before them and after them."""
    one = dt.timedelta(days=1)
    every = [Period(first - one, first - one), *periods, Period(last + one, last + one)]
    return [
        Period(left.last + one, right.first - one) for left, right in pairwise(every) if left.last + one < right.first
    ]


def _joined(rows: Sequence[DiscsRow], joining: Joining, threshold_pp: float) -> list[Disc]:
    groups: dict[tuple[SeriesKey, Period], list[DiscsRow]] = defaultdict(list)
    for row in rows:
        groups[row.key, joining.of_day[row.day]].append(row)
    return [disc for (key, period), group in groups.items() for disc in _merged(key, period, group, threshold_pp)]


def _merged(key: SeriesKey, period: Period, rows: Sequence[DiscsRow], threshold_pp: float) -> list[Disc]:
    """The clusters of a period from those of its days: exact, linkage of a union is that of its parts' ranges."""
    reach = 0.0 if rows[0].is_value else threshold_pp
    discs = sorted(disc for row in rows for disc in row.discs)
    merged: list[tuple[float, float, int]] = []
    for low_pct, high_pct, n in discs:
        if merged and low_pct - merged[-1][1] <= reach:
            low, high, before = merged.pop()
            merged.append((low, max(high, high_pct), before + n))
        else:
            merged.append((low_pct, high_pct, n))
    every = sum(n for _, _, n in merged)
    return [Disc(key, period, low, high, n, n / every) for low, high, n in merged]


def shares_axis(figure: OverDays) -> bool:
    """Whether the panels have one probability axis: no panel whose values differ would have less than a quarter of it."""
    ends = [
        (min(log_odds(d.low_pct) for d in p.discs), max(log_odds(d.high_pct) for d in p.discs)) for p in figure.panels
    ]
    whole = max(high for _, high in ends) - min(low for low, _ in ends)
    extents = [high - low for low, high in ends if high > low]
    return not extents or whole <= 4 * min(extents)
