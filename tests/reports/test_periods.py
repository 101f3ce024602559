"""Days joined into longer periods."""

import datetime as dt
from itertools import pairwise

from reports.periods import Joining, Period, fitted, joined_days

YEAR = [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(365)]


ONE_A_DAY = {("panel", day): 1 for day in YEAR}


def periods_of(joining: Joining) -> list[Period]:
    """The periods in order."""
    return sorted(set(joining.of_day.values()), key=lambda period: period.first)


def test_few_days_stand_alone() -> None:
    """Where the marks fit, nothing is joined and nothing is said."""
    joining = fitted(ONE_A_DAY, 400)
    assert len(periods_of(joining)) == 365
    assert joining.note == ""


def test_a_year_keeps_its_newest_days_and_joins_the_rest_into_weeks() -> None:
    """Four weeks and a bit stay single, and the caption says from when."""
    joining = fitted(ONE_A_DAY, 100)
    periods = periods_of(joining)
    assert len(periods) <= 100
    assert all(period.first == period.last for period in periods[-28:])
    assert joining.note == "Days before 2026-11-30 are joined into weeks."
    assert all(period.first.weekday() == 0 for period in periods[1:48])


def test_every_day_lies_in_its_period() -> None:
    """Periods follow each other without overlap, and none is lost."""
    for span, single in ((7, 14), (28, 7), (91, 7)):
        joining = joined_days(YEAR, span, single)
        assert all(period.first <= day <= period.last for day, period in joining.of_day.items())
        assert all(left.last < right.first for left, right in pairwise(periods_of(joining)))


def test_what_never_fits_is_joined_as_far_as_it_goes() -> None:
    """The coarsest joining is better than no figure."""
    joining = fitted(ONE_A_DAY, 1)
    assert len(periods_of(joining)) < 20
    assert "quarters" in joining.note
