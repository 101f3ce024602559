"""What the series of a study have in common, in sentences; and which days of a series have no calls."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from reports import format as f
from reports.rows import DayRow, SeriesRow
from reports.rows_of_change import DriftRow
from reports.rows_of_texts import TextRow
from tasks.core.plan import SeriesKey

Labels = Mapping[SeriesKey, str]
MOST_DAYS = 3
MOST_GAPS = 3
# Shorter ones are weekends, and a day that was missed.
LONG_GAP_DAYS = 7


def varying_words(series: Sequence[SeriesRow], texts: Mapping[SeriesKey, TextRow], labels: Labels) -> list[str]:
    """How many of several series vary, and how far. `texts` are those of the series that are told by them."""
    values = {row.key: row.distinct_values or 0 for row in series if row.observed > 1 and row.key not in texts}
    completions = {row.key: texts[row.key].unique_completions for row in series if row.key in texts}
    return [*_varying(values, "value", labels), *_varying(completions, "completion", labels)]


def _varying(counts: Mapping[SeriesKey, int], noun: str, labels: Labels) -> list[str]:
    """How many series gave several, and the ends of their numbers."""
    if len(counts) < 2:
        return []
    vary = sorted((n, labels[key]) for key, n in counts.items() if n > 1)
    if not vary:
        return [f"Each of {f.count(len(counts))} series gave one and the same {noun} in all its identical calls."]
    (least, lowest), (most, highest) = vary[0], vary[-1]
    whom = (
        f"{f.every(len(counts))} series"
        if len(vary) == len(counts)
        else f"{f.count(len(vary))} of {f.count(len(counts))} series"
    )
    if len(vary) == 1:
        return [f"{whom} gave more than one {noun} to identical calls: {highest}, {f.count(most)}."]
    if least == most:
        return [f"{whom} gave more than one {noun} to identical calls: {f.count(most)} each."]
    ends = f"from {f.count(least)} ({lowest}) to {f.count(most)} ({highest})"
    return [f"{whom} gave more than one {noun} to identical calls: {ends}."]


def changed_words(drift: Mapping[SeriesKey, Sequence[DriftRow]]) -> list[str]:
    """How many of several series changed, and on which days; nothing where no day was compared with another."""
    compared = [rows for rows in drift.values() if any(row.is_compared or row.is_alarm for row in rows)]
    changed = [rows for rows in compared if any(row.is_alarm for row in rows)]
    if len(compared) < 2:
        return []
    if not changed:
        return [f"No alarm in {f.any_of(len(compared))} series whose days could be compared."]
    days = Counter(row.day for rows in changed for row in rows if row.is_alarm)
    newest = sorted(days.items())[-MOST_DAYS:]
    shown = [f"{f.day(day)} ({f.count(n)})" if len(days) > 1 else f.day(day) for day, n in newest]
    many = f", on {f.counted(len(days), 'day')} in all, the last" if len(days) > MOST_DAYS else ""
    return [f"{f.count(len(changed))} of {f.count(len(compared))} series changed{many} on {f.joined(shown)}."]


Gap = tuple[dt.date, dt.date]


def days_without_calls(rows: Sequence[DayRow]) -> list[str]:
    """The stretches of a week or more on which no series of a study was asked; `rows` are its days."""
    gaps = _gaps({row.day for row in rows})
    return [f"Nothing was asked {_listed(gaps)}."] if gaps else []


def own_gaps(rows: Sequence[DayRow], every: Sequence[DayRow], newest: dt.date | None) -> list[str]:
    """Where a series alone has such a stretch, and that it ended before the others; `every` are all days of the study."""
    days = {row.day for row in rows}
    of_study = _gaps({row.day for row in every})
    gaps = [gap for gap in _gaps(days) if gap not in of_study]
    words = [f"It was not asked {_listed(gaps)}."] if gaps else []
    last = max(days, default=None)
    if last is not None and newest is not None and (newest - last).days >= LONG_GAP_DAYS:
        away = f.counted((newest - last).days, "day")
        words.append(f"It ended on {f.day(last)}, {away} before the newest of the study.")
    first, oldest = min(days, default=None), min((row.day for row in every), default=None)
    if first is not None and oldest is not None and (first - oldest).days >= LONG_GAP_DAYS:
        words.append(f"It began on {f.day(first)}, {f.counted((first - oldest).days, 'day')} after the study.")
    return words


def _gaps(days: set[dt.date]) -> list[Gap]:
    one = dt.timedelta(days=1)
    pairs = pairwise(sorted(days))
    return [(before + one, after - one) for before, after in pairs if (after - before).days > LONG_GAP_DAYS]


def _listed(gaps: Sequence[Gap]) -> str:
    shown = [f"from {f.days(*gap)} ({f.counted((gap[1] - gap[0]).days + 1, 'day')})" for gap in gaps[-MOST_GAPS:]]
    more = (
        f" and in {f.counted(len(gaps) - MOST_GAPS, 'earlier stretch', 'earlier stretches')}"
        if len(gaps) > MOST_GAPS
        else ""
    )
    return f"{f.joined(shown)}{more}"
