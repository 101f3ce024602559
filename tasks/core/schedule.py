"""Which day a run belongs to."""

import datetime as dt
from collections.abc import Iterable

from tasks.core.endpoints import Endpoint
from tasks.core.errors import DayOverError, UsageError


def day_of_run(
    asked: dt.date | None, scheduled_at: dt.datetime | None, now: dt.datetime, endpoints: Iterable[Endpoint]
) -> dt.date:
    """The day whose samples a run takes: the one asked for, else that of its scheduled start, in UTC.

    Only a simulator can answer for another day than today: for anything else that is refused with a UsageError, and
    with a DayOverError where it is the schedule that says another day.
    """
    today = now.astimezone(dt.UTC).date()
    day = asked or (scheduled_at or now).astimezone(dt.UTC).date()
    real = [endpoint.name for endpoint in endpoints if not endpoint.is_simulated]
    if day == today or not real:
        return day
    if asked:
        raise UsageError(
            f"{real[0]!r} can only be sampled for today ({today}): another day than that needs a simulator."
        )
    raise DayOverError(
        f"This run was scheduled for {day}, and that day is over (today is {today}): nothing was sampled."
    )
