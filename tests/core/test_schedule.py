"""Which day a run belongs to."""

import datetime as dt

import pytest

from tasks.core.endpoints import Endpoint
from tasks.core.errors import UsageError
from tasks.core.schedule import day_of_run

NOW = dt.datetime(2026, 11, 20, 0, 30, tzinfo=dt.UTC)
TODAY, YESTERDAY = dt.date(2026, 11, 20), dt.date(2026, 11, 19)
REAL = Endpoint(name="openai", base_url="http://localhost:1")
SIMULATED = Endpoint(name="simulator", base_url="http://localhost:2", kind="simulator")


def test_a_run_belongs_to_today_in_utc() -> None:
    """Wherever the clock stands."""
    in_new_york = NOW.astimezone(dt.timezone(dt.timedelta(hours=-5)))
    assert in_new_york.date() == YESTERDAY
    assert day_of_run(None, None, in_new_york, [REAL]) == TODAY
    assert day_of_run(TODAY, None, in_new_york, [REAL]) == TODAY


def test_a_scheduled_run_belongs_to_the_day_of_its_start() -> None:
    """A simulator can still answer for it."""
    assert day_of_run(None, NOW - dt.timedelta(hours=1), NOW, [SIMULATED]) == YESTERDAY
    assert day_of_run(None, NOW - dt.timedelta(minutes=20), NOW, [REAL]) == TODAY


def test_a_run_that_is_too_late_says_so_and_samples_nothing() -> None:
    """What a provider says today is not what it said then."""
    with pytest.raises(UsageError, match=r"scheduled for 2026-11-19, .* over \(today is 2026-11-20\): nothing was"):
        day_of_run(None, NOW - dt.timedelta(hours=1), NOW, [SIMULATED, REAL])


def test_another_day_needs_simulators_alone() -> None:
    """One real endpoint is enough to refuse it, in a sentence that names it."""
    assert day_of_run(YESTERDAY, None, NOW, [SIMULATED]) == YESTERDAY
    with pytest.raises(UsageError, match=r"^'openai' can only be sampled for today \(2026-11-20\)"):
        day_of_run(YESTERDAY, NOW, NOW, [SIMULATED, REAL])
