"""`python -m drill.program COMMAND…` runs a program that is no Python module, so that `flows.leashed` can hold it."""

import signal
import subprocess
import sys

if __name__ == "__main__":
    # The leash asks every process below it, this one included: it has to stay for those that take their time.
    signal.signal(signal.SIGTERM, lambda *_: None)
    sys.exit(subprocess.call(sys.argv[1:]))
