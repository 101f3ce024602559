"""One sample as a line of the recording format. What repeats is written once a series."""

import datetime as dt
import json

from tasks.core.plan import Series
from tasks.spool.header import RunHeader


class LineTemplate:
    """The lines of one series in one run."""

    def __init__(self, header: RunHeader, series: Series) -> None:
        constant = {
            "study": series.key.study,
            "endpoint": series.key.endpoint,
            "arm": series.key.arm,
            "prompt": series.key.prompt,
            "day": header.day.isoformat(),
            "follow": series.follow,
            "run_id": header.run_id,
        }
        self._start = f'{json.dumps(constant)[:-1]}, "request": {series.request_json}, '.encode()

    def line(
        self,
        *,
        repeat: int,
        requested_at: dt.datetime,
        latency_s: float,
        attempts: int,
        status: int,
        response: str | None,
        headers: dict[str, str] | None,
        error: str | None,
    ) -> bytes:
        """One sample, newline included. `requested_at` must be aware; escaped to ASCII, any text makes a valid line."""
        varying = {
            "repeat": repeat,
            "requested_at": requested_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
            "latency_s": round(latency_s, 6),
            "attempts": attempts,
            "status": status,
            "response": response,
            "headers": headers,
            "error": error,
        }
        return self._start + json.dumps(varying)[1:].encode() + b"\n"
