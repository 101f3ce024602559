"""When a failed call is tried again, and after which wait."""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

NO_RESPONSE = 0
RETRIED_STATUSES = frozenset({NO_RESPONSE, 408, 409, 429})
# Waits that a server asks for are honoured up to here: a day's wait would be another day's sample.
LONGEST_ASKED_WAIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is tried at most, and the waits in between: doubling from `first_wait_s` to `longest_wait_s`."""

    attempts: int = 8
    first_wait_s: float = 0.5
    longest_wait_s: float = 20.0

    def wait_s(self, attempt: int, asked_s: float | None) -> float:
        """Seconds to wait after failed attempt `attempt` (from 1): with jitter, and no less than was asked for."""
        longest = min(self.first_wait_s * 2 ** (attempt - 1), self.longest_wait_s)
        backed_off = random.uniform(longest / 2, longest)
        if asked_s is None:
            return backed_off
        # The jitter on top keeps calls that were refused together from coming back together.
        return min(asked_s, LONGEST_ASKED_WAIT_S) + random.uniform(0, backed_off)


def is_retried(status: int) -> bool:
    """Whether another attempt may succeed: a timeout, a conflict, a limit, a server's error, or no response at all."""
    return status in RETRIED_STATUSES or status >= 500


def asked_wait_s(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """The wait that a response asks for by `retry-after-ms` or `Retry-After` (seconds or a date), if it asks."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    asked = headers.get("retry-after", "")
    if (seconds := _number(asked)) is not None:
        return seconds
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or dt.UTC) - now).total_seconds())


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
