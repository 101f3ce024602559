"""The Prefect server of a run on the command line: the one that is set, or one of its own that ends with it."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import prefect
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import leashed
from tasks.core.errors import FlipbookError
from tasks.settings import PROJECT
from tasks.shared_limit import alone

HOST = "127.0.0.1"
HOME = PROJECT / "data" / "prefect"
START_S = 90.0
PAUSE_S = 0.1
# As Prefect starts its own temporary server, which `kill -9` would orphan.
_TEMPORARY = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
APPLICATION = ("--app-dir", str(prefect.__module_path__.parent), "--factory", "prefect.server.api.server:create_app")


@contextmanager
def server_running() -> Iterator[None]:
    """Within this block, Prefect has a server. Raises FlipbookError where it does not start."""
    if PREFECT_API_URL.value():
        yield
        return
    port = _free_port()
    # A file of its own: two servers on one SQLite file get in each other's way.
    database = f"sqlite+aiosqlite:///{HOME / 'command-line.db'}"
    environment = {**_TEMPORARY, "PREFECT_API_DATABASE_CONNECTION_URL": database, **os.environ}
    HOME.mkdir(parents=True, exist_ok=True)
    server = leashed.start(environment, *_uvicorn(port), cwd=PROJECT)
    try:
        wait_for_server(port, server)
        with temporary_settings({PREFECT_API_URL: f"http://{HOST}:{port}/api"}), alone():
            yield
    finally:
        leashed.stop(server)


def wait_for_server(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until Prefect's server answers. Raises FlipbookError where it ended, or takes too long."""
    # Loopback is never reached through a proxy, whatever the environment says.
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise FlipbookError(f"Prefect's server ended before it answered: is port {port} of {HOST} taken?")
        try:
            with opener.open(f"http://{HOST}:{port}/api/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(PAUSE_S)
    raise FlipbookError(f"Prefect's server did not answer on port {port} within {START_S:g} s.")


def _uvicorn(port: int) -> list[str]:
    return ["uvicorn", *APPLICATION, "--host", HOST, "--port", str(port), "--log-level", "error", "--lifespan", "on"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
