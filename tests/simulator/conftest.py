"""A real simulator process on a free port, for tests over real HTTP."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

PROJECT = Path(__file__).resolve().parents[2]
START_S = 30

Start = Callable[..., str]


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def start_simulator() -> Iterator[Start]:
    """Starts simulators with options and returns their root addresses; all end with the session."""
    children: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> str:
        port = free_port()
        command = [sys.executable, "-m", "simulator", "--port", str(port), "--until-stdin-closes", *options]
        child = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        children.append(child)
        root = f"http://127.0.0.1:{port}"
        _wait_for(root)
        return root

    yield start
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
        child.wait(10)


@pytest.fixture(scope="session")
def simulator(start_simulator: Start) -> str:
    """The root address of a simulator without options."""
    return start_simulator()


def _wait_for(root: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{root}/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"no simulator at {root}")
