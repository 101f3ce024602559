"""What the simulator sent, kept in a file that outlives it: whoever was killed in between, this is what was to be paid."""

import json
import os
import time
from pathlib import Path
from typing import Final, Literal

from tasks.core.errors import UsageError

STARTED: Final = "started"
WHOLE: Final = "whole"
Event = Literal["started", "whole"]


class Ledger:
    """Two lines an answer: `started` before its first byte, `whole` after its last one was handed to the connection.

    Each line is one write to a file that is only ever appended to, so that a killed simulator loses none.
    """

    def __init__(self, file: Path) -> None:
        """Opens `file`, or goes on in it. Raises UsageError where that cannot be."""
        try:
            self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise UsageError(f"The ledger {file} cannot be written: {error.strerror}.") from error

    def note(self, event: Event, **answer: object) -> None:
        """One line: the event, the time in seconds since 1970, and what tells the answer from all others."""
        line = json.dumps({"event": event, "at": round(time.time(), 6), **answer}, separators=(",", ":"))
        os.write(self._file, line.encode() + b"\n")
