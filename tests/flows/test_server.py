"""The server that a run on the command line starts for itself."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from tasks.settings import PROJECT

HOLD = """
import time
from prefect.settings import PREFECT_API_URL
from flows.server import server_running
with server_running():
    print(PREFECT_API_URL.value(), flush=True)
    time.sleep(300)
"""


def test_it_ends_with_a_killed_run(place: Any, tmp_path: Path, until: Any) -> None:
    """`kill -9` leaves no server behind."""
    database = f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}"
    environment = {**place.environment, "PREFECT_API_DATABASE_CONNECTION_URL": database}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert answers(url)
        os.kill(process.pid, signal.SIGKILL)
    until(lambda: not answers(url), 30)


def answers(url: str) -> bool:
    """Whether the server is there."""
    try:
        build_opener(ProxyHandler({})).open(f"{url}/health", timeout=2).close()
    except OSError:
        return False
    return True
