"""`python -m drill.holding SECONDS [write]` holds the warehouse for so long.

As a notebook does that somebody left open; with `write`, as another tool that writes to it.
"""

import sys
import time

from tasks.core.errors import FlipbookError
from tasks.settings import read_settings
from tasks.warehouse import Warehouse

PATIENCE_S = 60


def main(seconds: float, *, writes: bool) -> int:
    """0 when it held the warehouse for so long; 1 where it did not get it."""
    settings = read_settings().model_copy(update={"warehouse_wait_s": PATIENCE_S})
    try:
        with Warehouse.open(settings, read_only=not writes):
            time.sleep(seconds)
    except FlipbookError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), writes="write" in sys.argv[2:]))
