"""Agreement over days: the share of each day's calls that gave the most frequent completion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports import format as f
from reports import intervals
from reports.names import series_labels
from reports.rows_of_texts import ArmDayRow
from reports.view import Column, Figure, Table
from tasks.core.plan import SeriesKey

ANCHOR = "agreement-over-days"
MOST_PANELS = 12


@dataclass(frozen=True, slots=True)
class ArmDays:
    """One arm's days, over its prompts."""

    key: SeriesKey
    days: Sequence[ArmDayRow]


def arm_days(rows: Sequence[ArmDayRow]) -> list[ArmDays]:
    """Each arm's days in order; nothing where no arm has two."""
    by_arm: dict[SeriesKey, list[ArmDayRow]] = {}
    for row in rows:
        by_arm.setdefault(SeriesKey("", row.endpoint, row.model, row.arm, ""), []).append(row)
    every = [ArmDays(key, sorted(days, key=lambda row: row.day)) for key, days in by_arm.items()]
    return every if any(len(arm.days) > 1 for arm in every) else []


def day_labels(every: Sequence[ArmDays]) -> dict[SeriesKey, str]:
    """What tells the arms from each other."""
    return series_labels([arm.key for arm in every])


def days_figure(every: Sequence[ArmDays], labels: Mapping[SeriesKey, str]) -> Figure | None:
    """The days in words and numbers; None where there are none to compare."""
    if not every:
        return None
    lines = [
        (
            f.day(row.day),
            labels[arm.key],
            f.count(row.observed),
            f.count(row.unique_completions),
            f.share(row.modal_calls / row.observed),
            intervals.in_cell(row.modal_calls, row.observed),
        )
        for arm in every
        for row in arm.days
    ]
    columns = (
        Column("day", False),
        Column("series", False),
        Column("calls"),
        Column("unique completions", term="unique_completions"),
        Column("agreement", term="agreement"),
        Column("95% interval", term="interval"),
    )
    left = f" The first {MOST_PANELS} of {len(every):,} arms are drawn." if len(every) > MOST_PANELS else ""
    return Figure(
        anchor=ANCHOR,
        title="Agreement over days",
        caption="The share of a day's calls with the most frequent completion of their question and day, with its 95% "
        f"interval.{left}",
        alt=f"Agreement by day of {f.counted(min(len(every), MOST_PANELS), 'arm')}; the numbers are in the table below.",
        table=Table.cut(columns, sorted(lines)),
        csv="agreement-by-day.csv",
        sql="study_agreement_by_day",
    )
