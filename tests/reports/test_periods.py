"""Days joined into longer periods."""

import datetime as dt

from reports.periods import Joining, Period, fitted, joined_days

YEAR = [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(365)]


def marks(joining: Joining) -> list[Period]:
    """One mark a period."""
    return sorted(set(joining.of_day.values()), key=lambda period: period.first)


def test_few_days_stand_alone() -> None:
    """Where the marks fit, nothing is joined and nothing is said."""
    joining, periods = fitted(YEAR, marks, 400)
    assert len(periods) == 365
    assert joining.note == ""


def test_a_year_keeps_its_newest_days_and_joins_the_rest_into_weeks() -> None:
    """Four weeks and a bit stay single, and the caption says from when."""
    joining, periods = fitted(YEAR, marks, 100)
    assert len(periods) <= 100
    assert [p for p in periods if p.first == p.last][-1].last == YEAR[-1]
    assert joining.note == "Days before 2026-11-30 are joined into weeks."
    assert all(period.first.weekday() == 0 for period in periods[1:48])


def test_every_day_lies_in_its_period() -> None:
    """Periods follow each other without overlap, and none is lost."""
    for span, single in ((7, 14), (28, 7), (364, 7)):
        joining = joined_days(YEAR, span, single)
        assert all(period.first <= day <= period.last for day, period in joining.of_day.items())
        periods = marks(joining)
        assert all(left.last < right.first for left, right in zip(periods, periods[1:], strict=False))


def test_what_never_fits_is_joined_as_far_as_it_goes() -> None:
    """The coarsest joining is better than no figure."""
    joining, periods = fitted(YEAR, marks, 1)
    assert len(periods) < 20
    assert "years" in joining.note
