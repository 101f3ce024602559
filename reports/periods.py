"""Days joined into longer periods, so that a figure of a year stays as small as one of a week."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# The spans that older days are joined into, from fine to coarse, and how many of the newest days stay single.
SPANS = ((1, 0), (7, 28), (7, 14), (28, 14), (28, 7), (91, 7))
_WORDS = {7: "weeks", 28: "spans of four weeks", 91: "quarters of 13 weeks"}


@dataclass(frozen=True, slots=True)
class Period:
    """Consecutive days, both ends included."""

    first: dt.date
    last: dt.date

    @property
    def middle(self) -> float:
        """Its middle as an ordinal of days."""
        return (self.first.toordinal() + self.last.toordinal()) / 2

    @property
    def text(self) -> str:
        """A day, or its first and last."""
        return self.first.isoformat() if self.first == self.last else f"{self.first}/{self.last}"


@dataclass(frozen=True, slots=True)
class Joining:
    """Which period each day belongs to, and how a caption says so ("" where every day stands alone)."""

    of_day: Mapping[dt.date, Period]
    note: str


def joined_days(days: Sequence[dt.date], span: int, single: int) -> Joining:
    """Days before the newest `single`, and before a Monday, joined into spans that begin on Mondays."""
    if span == 1 or not days:
        return Joining({day: Period(day, day) for day in days}, "")
    cut = (max(days).toordinal() - single - 1) // 7 * 7 + 1
    groups: dict[int, list[dt.date]] = {}
    for day in days:
        ordinal = day.toordinal()
        groups.setdefault((ordinal - 1) // span * span if ordinal < cut else ordinal, []).append(day)
    of_day = {day: Period(min(group), max(group)) for group in groups.values() for day in group}
    return Joining(of_day, f"Days before {dt.date.fromordinal(cut)} are joined into {_WORDS[span]}.")


def fitted(marks: Mapping[tuple[Any, dt.date], int], most: int) -> Joining:
    """The finest joining of days that leaves at most so many marks; the coarsest where none does.

    `marks` are those of each panel's days. Joined days share theirs: a period is taken to have its fullest day's.
    """
    days = sorted({day for _, day in marks})
    for span, single in SPANS:
        joining = joined_days(days, span, single)
        fullest: dict[tuple[Any, Period], int] = {}
        for (panel, day), n in marks.items():
            place = panel, joining.of_day[day]
            fullest[place] = max(n, fullest.get(place, 0))
        if sum(fullest.values()) <= most:
            break
    return joining
