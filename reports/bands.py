"""What the figure of fingerprints over days draws: a band for each, its darkness the share, its ends marked."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from reports.format import visible
from reports.ladder import by_series
from reports.over_days import Change, changes_of
from reports.periods import Joining, Period, fitted
from reports.queries import StudyRows
from reports.rows_of_calls import LifetimeRow
from reports.words_of_change import BORN, GONE
from tasks.core.plan import SeriesKey

MOST_CELLS = 800
MOST_BANDS = 40
NO_FINGERPRINT = "none named"


@dataclass(frozen=True, slots=True)
class Cell:
    """A fingerprint's share of a series' answers in one period."""

    band: int
    period: Period
    n: int
    share: float


@dataclass(frozen=True, slots=True)
class Band:
    """One fingerprint of one series; the null fingerprint is a state like any other, without birth or end."""

    key: SeriesKey
    fingerprint: str | None
    birth: dt.date | None
    end: dt.date | None
    is_end_confirmed: bool

    @property
    def name(self) -> str:
        """What stands beside the band."""
        return visible(self.fingerprint) if self.fingerprint else NO_FINGERPRINT


@dataclass(frozen=True, slots=True)
class Bands:
    """The figure: bands from top to bottom, their cells, and how days were joined."""

    bands: list[Band]
    cells: list[Cell]
    first: dt.date
    last: dt.date
    note: str
    left_out: int
    changes: dict[SeriesKey, list[Change]]


def bands(rows: StudyRows) -> Bands | None:
    """The figure of a study; None where no answer of any series names a fingerprint, or on a single day."""
    named = {row.key for row in rows.lifetimes if row.system_fingerprint}
    if not named or rows.study.first_day is None or rows.study.last_day in (None, rows.study.first_day):
        return None
    every = _bands(rows, named)
    kept = every[:MOST_BANDS]
    index = {(band.key, band.fingerprint): i for i, band in enumerate(kept)}
    places = {(band.key, band.fingerprint) for band in kept}
    seen = [(row.key, row.system_fingerprint, row.day) for row in rows.fingerprints if row.key in named]
    joining = fitted({((key, name), day): 1 for key, name, day in seen if (key, name) in places}, MOST_CELLS)
    cells = _cells(rows, index, joining)
    changes = _changes(rows, {band.key for band in kept})
    return Bands(kept, cells, rows.study.first_day, rows.study.last_day, joining.note, len(every) - len(kept), changes)


def _changes(rows: StudyRows, shown: set[SeriesKey]) -> dict[SeriesKey, list[Change]]:
    """The alarms that a fingerprint was the reason of."""
    groups = by_series([row for row in rows.change.drift if row.key in shown])
    told = {
        key: [row for row in mine if any(reason.startswith((BORN, GONE)) for reason in row.reasons)]
        for key, mine in groups.items()
    }
    return {key: changes_of(mine) for key, mine in told.items() if mine}


def _bands(rows: StudyRows, named: set[SeriesKey]) -> list[Band]:
    lifetimes = {(row.key, row.system_fingerprint): row for row in rows.lifetimes}
    began = {row.key: row.first_day for row in rows.series}
    first_seen: dict[tuple[SeriesKey, str | None], dt.date] = {}
    for row in rows.fingerprints:
        if row.key in named:
            first_seen.setdefault((row.key, row.system_fingerprint), row.day)
    order = {row.key: i for i, row in enumerate(rows.series)}
    keys = sorted(first_seen, key=lambda k: (order.get(k[0], 0), k[1] is None, first_seen[k], k[1] or ""))
    return [_band(key, fingerprint, lifetimes.get((key, fingerprint)), began.get(key)) for key, fingerprint in keys]


def _band(key: SeriesKey, fingerprint: str | None, life: LifetimeRow | None, began: dt.date | None) -> Band:
    if fingerprint is None or life is None:
        return Band(key, fingerprint, None, None, False)
    birth = life.first_day if began is not None and life.first_day > began else None
    end = None if life.status == "active" else life.last_day
    return Band(key, fingerprint, birth, end, life.status == "confirmed")


def _cells(rows: StudyRows, index: dict[tuple[SeriesKey, str | None], int], joining: Joining) -> list[Cell]:
    counts: dict[tuple[int, Period], int] = defaultdict(int)
    totals: dict[tuple[SeriesKey, Period], int] = defaultdict(int)
    keys: dict[int, SeriesKey] = {}
    for row in rows.fingerprints:
        if row.day not in joining.of_day:
            continue
        period = joining.of_day[row.day]
        totals[row.key, period] += row.n
        if (band := index.get((row.key, row.system_fingerprint))) is not None:
            counts[band, period] += row.n
            keys[band] = row.key
    return [Cell(band, period, n, n / totals[keys[band], period]) for (band, period), n in counts.items()]
