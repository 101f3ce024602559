"""Mends what libfaketime 0.9.10 breaks where durations are left alone: Python's `time.sleep` fails there with EINVAL.

Python imports this module at its start wherever its folder is on PYTHONPATH: that of the processes whose clock may jump.
"""

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex, /) -> None:
    seconds = seconds if isinstance(seconds, float) else int(seconds)
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select((), (), (), seconds)


time.sleep = _sleep
