"""The part of a study page on changes: each day against the quiet days before it, in words, a figure and a table."""

import datetime as dt
import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reports import chances
from reports import format as f
from reports.blocks import Block
from reports.ladder import by_series
from reports.over_days import Change, changes_of
from reports.periods import Period, fitted
from reports.rows_of_change import DriftRow
from reports.view import INLINE_ROWS, Column, Figure, Table
from reports.words_of_change import BORN, GONE, REQUEST_CHANGED, in_few_words
from tasks.core.plan import SeriesKey
from tasks.core.sides import Side

ANCHOR = "changes-over-days"
MOST_PANELS = 12
MOST_MARKS = 1_000

MEANINGS = {
    "distribution": "A shifted distribution: the same request gets its probabilities from elsewhere, so something in the "
    "model or in how it is served has changed.",
    "values": "Other values: the probabilities, or their shares, are not those of before, as with another model, other "
    "weights or other hardware.",
    "answers": "Other answers: the completions, or their shares, are not those of before.",
    BORN: "A new fingerprint: the provider itself says that the backend is another, whatever the probabilities do.",
    GONE: "A fingerprint gone: a backend that used to answer no longer does.",
    "grid": "Another logit grid: the numerical format in which the model is computed has changed.",
    REQUEST_CHANGED: "Request changed: whoever runs the study edited it, or the token that is followed; that is no alarm, "
    "and days are compared anew.",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a period lies from its baseline: of joined days, the farthest."""

    period: Period
    distance: float


@dataclass(frozen=True, slots=True)
class DriftPanel:
    """One series' part of the figure; `unit` is that of the distances, `alarms` are their days' marks."""

    key: SeriesKey
    unit: str
    marks: list[Mark]
    alarms: list[Mark]
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Drift:
    """The figure: its panels, their common days, and how days were joined."""

    panels: list[DriftPanel]
    first: dt.date
    last: dt.date
    note: str
    left_out: int


def drift(rows: Sequence[DriftRow]) -> Drift | None:
    """The figure of a study's days; None where no day could be compared with another."""
    groups = {key: mine for key, mine in by_series(rows).items() if any(_distance(row) is not None for row in mine)}
    if not groups:
        return None
    # Those that changed first: they are what a reader came for.
    keys = sorted(groups, key=lambda key: -sum(row.is_alarm for row in groups[key]))[:MOST_PANELS]
    shown = [row for key in groups if key in keys for row in groups[key]]
    joining = fitted({(row.key, row.day): 1 for row in shown}, MOST_MARKS)
    panels = [_panel(key, groups[key], joining.of_day) for key in groups if key in keys]
    days = [row.day for row in shown]
    return Drift(panels, min(days), max(days), joining.note, len(groups) - len(panels))


def _panel(key: SeriesKey, rows: Sequence[DriftRow], of_day: Mapping[dt.date, Period]) -> DriftPanel:
    farthest: dict[Period, float] = defaultdict(float)
    for row in rows:
        if (distance := _distance(row)) is not None:
            farthest[of_day[row.day]] = max(distance, farthest[of_day[row.day]])
    unit = "pp" if any(row.baseline_wasserstein_pp is not None for row in rows) else "share moved"
    alarms = [
        Mark(Period(row.day, row.day), distance)
        for row in rows
        if row.is_alarm and (distance := _distance(row)) is not None
    ]
    marks = [Mark(period, distance) for period, distance in farthest.items()]
    return DriftPanel(key, unit, marks, alarms, changes_of(rows))


def _distance(row: DriftRow) -> float | None:
    """How far the day lies from its baseline: in pp, or without values as the share of answers that moved."""
    return row.baseline_total_variation if row.baseline_wasserstein_pp is None else row.baseline_wasserstein_pp


def changes_block(
    rows: Sequence[DriftRow], figure: Drift | None, labels: Mapping[SeriesKey, str], grids: Figure | None
) -> Block | None:
    """What the kinds of change mean that were seen, and every day against its baseline; None for a single day."""
    compared = [row for row in rows if row.previous_day is not None]
    if not compared:
        return None
    made = [_figure(compared, figure, labels), *([grids] if grids else [])]
    return Block("changes", "Changes", [*_meanings(rows), *_beside(rows, labels)], made)


def _meanings(rows: Sequence[DriftRow]) -> list[str]:
    seen = {reason for row in rows for reason in row.reasons}
    told = [words for kind, words in MEANINGS.items() if any(reason.startswith(kind) for reason in seen)]
    return told or ["No day stands out from the days before it."]


def _beside(rows: Sequence[DriftRow], labels: Mapping[SeriesKey, str]) -> list[str]:
    """The command that sets the days before the last change and those since it side by side, for a series that it met."""
    last = max((row for row in rows if row.is_alarm), key=lambda row: row.day, default=None)
    if last is None or last.previous_day is None:
        return []
    # The days before an earlier change would be a third side.
    left = Side(last.study, first=last.baseline_first_day, last=last.previous_day)
    whose = ""
    if len(labels) > 1:
        left = replace(left, model=last.model, arm=last.arm, prompt=last.prompt)
        whose = f" of {labels[last.key]}"
    sides = (left.text, Side(last.study, first=last.day).text)
    command = " ".join(shlex.quote(side) for side in sides)
    return [f"The days before and since the last change{whose} side by side: flipbook compare {f.visible(command)}"]


def _figure(rows: Sequence[DriftRow], figure: Drift | None, labels: Mapping[SeriesKey, str]) -> Figure:
    return Figure(
        anchor=ANCHOR,
        title="Each day against the quiet days before it",
        caption=_caption(figure),
        table=_table(rows, labels),
        csv="changes.csv",
        sql="study_drift",
        alt=f"How far each day of {f.counted(len(figure.panels), 'series', 'series')} lies from the days before it, "
        f"from {f.days(figure.first, figure.last)}; the numbers are in the table below."
        if figure
        else "",
    )


def _caption(figure: Drift | None) -> str:
    more = f"{figure.left_out:,} more series are in the CSV file." if figure and figure.left_out else ""
    drawn = (
        "The height is the distance to the baseline, on a square-root axis, so that small ones show too; a diamond and a "
        "line mark an alarm, a dotted line an edited request."
    )
    parts = (
        "At most fourteen quiet days make the baseline.",
        drawn if figure else "",
        figure.note if figure else "",
        more,
    )
    return " ".join(part for part in parts if part)


def _table(rows: Sequence[DriftRow], labels: Mapping[SeriesKey, str]) -> Table:
    columns = (
        Column("day", False),
        Column("series", False),
        Column("baseline", False, "baseline"),
        Column("apart", term="wasserstein"),
        Column("common values", term="jaccard"),
        Column("divergence", term="js"),
        Column("p", term="p_value"),
        Column("q", term="q_value"),
        Column("change", False, "change"),
    )
    # Alarms stay in the page where not every day has room.
    alarms = [row for row in rows if row.reason]
    kept = rows if len(rows) <= INLINE_ROWS else alarms
    table = Table.cut(columns, [_line(row, labels[row.key]) for row in sorted(kept, key=lambda row: row.day)])
    if len(rows) > INLINE_ROWS:
        note = f"The changes among {f.counted(len(rows), 'day')}; the CSV file holds all. {table.note}".strip()
        return Table(columns, table.rows, note=note)
    return table


def _line(row: DriftRow, label: str) -> tuple[str, ...]:
    distance = (
        f.points(row.baseline_wasserstein_pp)
        if row.baseline_wasserstein_pp is not None
        else f.share(row.baseline_total_variation)
        if row.baseline_total_variation is not None
        else f.NONE
    )
    return (
        f.day(row.day),
        label,
        f.days(row.baseline_first_day, row.baseline_last_day),
        distance,
        f.share(row.baseline_jaccard, 0) if row.baseline_jaccard is not None else f.NONE,
        f"{f.significant(row.baseline_js_bits, 2)} bit" if row.baseline_js_bits is not None else f.NONE,
        chances.in_cell(row.p_value),
        chances.in_cell(row.q_value),
        in_few_words(row.reasons) or "none",
    )
