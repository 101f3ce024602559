"""What changed lately: one change of a study on a day is one sentence, in however many of its series it shows."""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby

from reports import format as f
from reports.names import series_labels
from reports.queries import IndexRows
from reports.rows import SeriesRow
from reports.rows_of_change import AlarmRow
from reports.words_of_change import in_few_words, news
from tasks.core.plan import SeriesKey

MOST_NEWS = 20
NO_CHANGE = "none seen"


def news_words(rows: IndexRows) -> list[str]:
    """The changes of the seven days to the newest, the newest first; that there was none, where days were compared."""
    newest = max((row.last_day for row in rows.series), default=None)
    if newest is None:
        return []
    series = {(row.study, row.day): row.series for row in rows.series_of_days}
    every = [
        news(study, day, _labels(rows, study, alarms), series[study, day], alarms)
        for (day, study), alarms in _changes(rows.alarms)
    ]
    if not every:
        return [f"Nothing changed in the seven days to {f.day(newest)}."] if _is_compared(rows) else []
    left = len(every) - MOST_NEWS
    return [
        *every[:MOST_NEWS],
        *([f"And {f.counted(left, 'more change')}, on the pages of their studies."] if left > 0 else []),
    ]


def _changes(alarms: Sequence[AlarmRow]) -> list[tuple[tuple[dt.date, str], list[AlarmRow]]]:
    """The alarms of the week by day and study; they come in that order."""
    fresh = [alarm for alarm in alarms if alarm.is_news]
    return [(place, list(group)) for place, group in groupby(fresh, key=lambda alarm: (alarm.day, alarm.study))]


def _labels(rows: IndexRows, study: str, alarms: Sequence[AlarmRow]) -> list[str]:
    labels = series_labels([row.key for row in rows.series if row.study == study])
    return [labels[alarm.key] for alarm in alarms]


def _is_compared(rows: IndexRows) -> bool:
    return any(row.days > 1 for row in rows.series)


def last_changes(alarms: Sequence[AlarmRow]) -> dict[SeriesKey, AlarmRow]:
    """Each series' last change."""
    return {alarm.key: alarm for alarm in alarms if alarm.is_last}


def last_change_of_any(rows: Sequence[SeriesRow], changes: Mapping[SeriesKey, AlarmRow]) -> str:
    """The last change of several series as one cell."""
    latest = max((changes[row.key] for row in rows if row.key in changes), key=lambda change: change.day, default=None)
    if latest is None:
        return NO_CHANGE if any(row.days > 1 for row in rows) else f.NONE
    return last_change(latest.key, 0, changes)


def last_change(key: SeriesKey, days: int, changes: Mapping[SeriesKey, AlarmRow]) -> str:
    """The last change of a series as a cell: its day and its reason."""
    if key in changes:
        return f"{f.day(changes[key].day)}: {in_few_words(changes[key].reasons)}"
    return NO_CHANGE if days > 1 else f.NONE
