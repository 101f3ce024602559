"""Starts the simulator as a child process where a target names it and none runs."""

import ipaddress
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.parse import SplitResult, urlsplit
from urllib.request import ProxyHandler, build_opener

from tasks.core.errors import FlipbookError

PROJECT = Path(__file__).resolve().parents[1]
SIMULATED_HEADER = "x-flipbook-simulated"
START_S = 30.0
STOP_S = 5.0
PROBE_S = 2.0
PAUSE_S = 0.05


@contextmanager
def simulator_running(base_url: str, *, options: Sequence[str] = ()) -> Iterator[bool]:
    """A simulator answers at `base_url` within this block: one that already runs, or a child process that ends with it.

    Yields whether it is a child. `options` are those of `python -m simulator`, for a child only. A child is only ever
    started on a loopback address, and ends when this process is killed, too: the pipe on its standard input closes
    then. Raises FlipbookError.
    """
    root = _split(base_url)
    if _is_healthy(root):
        yield False
        return
    _refuse_beyond_loopback(root)
    with tempfile.TemporaryFile() as complaints:
        child = _start(root, options, complaints)
        try:
            _wait_until_healthy(root, child, complaints)
            yield True
        finally:
            _stop(child)


def _split(base_url: str) -> SplitResult:
    root = urlsplit(base_url)
    try:
        _ = root.port
    except ValueError as error:
        raise FlipbookError(f"{base_url} is no address of a simulator: {error}.") from error
    return root


def _address(root: SplitResult) -> str:
    return f"{root.scheme}://{root.netloc}"


def _is_healthy(root: SplitResult) -> bool:
    """Whether a simulator answers; False where nothing does. Raises FlipbookError where something else answers."""
    # Loopback is never reached through a proxy, whatever the environment says.
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(f"{_address(root)}/health", timeout=PROBE_S) as response:
            is_ours = response.headers.get(SIMULATED_HEADER) == "1"
    except HTTPError as error:
        error.close()
        is_ours = False
    except HTTPException:
        is_ours = False
    except OSError:
        return False
    if not is_ours:
        raise FlipbookError(
            f"{_address(root)} is taken by something that is not Flipbook's simulator: "
            "free that port, or give the endpoint another base_url."
        )
    return True


def _refuse_beyond_loopback(root: SplitResult) -> None:
    host = root.hostname or ""
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = host == "localhost"
    if not is_loopback or root.scheme != "http":
        raise FlipbookError(
            f"No simulator answers at {_address(root)}, and one is only ever started on a loopback address: "
            "start it there, or give the endpoint a base_url such as http://127.0.0.1:8089/v1."
        )


def _start(root: SplitResult, options: Sequence[str], complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "simulator", "--host", str(root.hostname), "--port", str(root.port or 80)]
    return subprocess.Popen(
        [*command, "--until-stdin-closes", *options],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=complaints,
    )


def _wait_until_healthy(root: SplitResult, child: subprocess.Popen[bytes], complaints: IO[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        has_ended = child.poll() is not None
        # Asked after the look at the child: another process may have won the race for the port with its own simulator.
        if _is_healthy(root):
            return
        if has_ended:
            raise FlipbookError(f"The simulator did not start at {_address(root)}: {_last_line(complaints)}")
        time.sleep(PAUSE_S)
    raise FlipbookError(f"The simulator did not answer at {_address(root)} within {START_S:g} s.")


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it ended without a word."


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
