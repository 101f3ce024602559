"""Does the hour of the day, or the weekday, explain what differs? A sentence, and a small table."""

from collections.abc import Mapping, Sequence

from reports import chances
from reports import format as f
from reports.blocks import Block
from reports.rows_of_change import EffectRow
from reports.view import Column, Figure, Table
from tasks.core.plan import SeriesKey

NAMES = {"hour": "the hour of the day", "weekday": "the weekday"}
MOST_SENTENCES = 12
MOST_ROWS = 60


def effects_block(rows: Sequence[EffectRow], labels: Mapping[SeriesKey, str]) -> Block | None:
    """Hours and weekdays; None where no series has enough data."""
    defined = [row for row in rows if row.explained_share is not None and row.p_value is not None]
    if not defined:
        return None
    return Block("time", "Hours and weekdays", effect_words(defined, labels), [_figure(defined, labels)])


def effect_words(rows: Sequence[EffectRow], labels: Mapping[SeriesKey, str]) -> list[str]:
    """Each effect that chance does not explain; one sentence for all that it does."""
    found = [row for row in rows if (row.p_value or 0) <= chances.RARE]
    words = [_found(row, labels[row.key]) for row in found[:MOST_SENTENCES]]
    if len(found) == len(rows):
        return words
    rest = "Beyond that, neither" if found else "Neither"
    return [*words, f"{rest} the hour of the day nor the weekday explains more of what differs than chance would."]


def _found(row: EffectRow, label: str) -> str:
    return (
        f"{label}: {NAMES.get(row.effect, row.effect)} explains {f.share(row.explained_share)} of how its values vary, "
        f"over {f.counted(row.days, 'day')} ({chances.chance('p', row.p_value)})."
    )


def _figure(rows: Sequence[EffectRow], labels: Mapping[SeriesKey, str]) -> Figure:
    columns = (
        Column("series", False),
        Column("effect", False),
        Column("groups"),
        Column("days"),
        Column("explained", term="time_effect"),
        Column("p", term="p_value"),
    )
    lines = [
        (
            labels[row.key],
            NAMES.get(row.effect, row.effect),
            f.count(row.groups),
            f.count(row.days),
            f.share(row.explained_share),
            chances.in_cell(row.p_value),
        )
        for row in rows
    ]
    return Figure(
        anchor="time-effects",
        title="What the hour and the weekday explain",
        caption="The share of the values' variance that lies between hours, or between weekdays.",
        table=Table.first(columns, lines, MOST_ROWS),
        csv="time-effects.csv",
        sql="study_time_effects",
    )
