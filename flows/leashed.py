"""`python -m flows.leashed MODULE ARGUMENT…` runs a module that ends when the process that started it does.

However that one ends: the pipe on this one's standard input closes even after `kill -9`, and no server is left behind.
"""

import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

GRACE_S = 10.0


def start(environment: Mapping[str, str], *command: str, cwd: Path) -> subprocess.Popen[bytes]:
    """Start a module with its arguments as such a child."""
    # In a session of its own: Ctrl-C reaches the parent alone, which then ends its children in turn.
    return subprocess.Popen(
        [sys.executable, "-m", __name__, *command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def stop(child: subprocess.Popen[bytes], grace_s: float = GRACE_S) -> None:
    """End a child and all that it started: asked first, then killed."""
    family = _family(child.pid)
    _signal(family, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(grace_s)
    _signal(family, signal.SIGKILL)
    child.wait()
    if child.stdin:
        child.stdin.close()


def _family(root: int) -> list[int]:
    # Not by process group: Prefect's worker gives each flow run one of its own.
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [(int(pid), int(parent)) for pid, parent in map(str.split, listed.splitlines())]
    family = [root]
    for member in family:
        family += [pid for pid, parent in parents if parent == member]
    return family


def _signal(family: list[int], number: signal.Signals) -> None:
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    family = _family(os.getpid())
    _signal(family, signal.SIGTERM)
    time.sleep(GRACE_S)
    # This one last: with it ends the loop.
    _signal(family[::-1], signal.SIGKILL)


def main() -> None:
    """Run the module."""
    # Whoever started the parent may have had it ignore Ctrl-C, which children inherit; Prefect's worker stops by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
