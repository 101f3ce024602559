"""The simulator as a child process: started where none runs, and never left behind."""

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tasks.core.errors import FlipbookError
from tasks.embedded import simulator_running

PROJECT = Path(__file__).resolve().parents[2]
PARENT = """
import sys, time
from tasks.embedded import simulator_running
with simulator_running(sys.argv[1]):
    print("running", flush=True)
    time.sleep(60)
"""


def free_address() -> str:
    """A base URL on loopback where nothing listened a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/v1"


def answers(base_url: str) -> bool:
    """Whether a server is there."""
    try:
        with urlopen(base_url.replace("/v1", "/health"), timeout=2) as response:
            return bool(response.headers["x-flipbook-simulated"] == "1")
    except (URLError, OSError):
        return False


def ends(base_url: str) -> bool:
    """Whether the server goes away within some seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not answers(base_url):
            return True
        time.sleep(0.05)
    return False


@contextmanager
def something_else() -> Iterator[str]:
    """A web server that is no simulator."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


def test_it_runs_within_the_block_only() -> None:
    """Started, healthy, and gone afterwards."""
    base_url = free_address()
    with simulator_running(base_url):
        assert answers(base_url)
    assert not answers(base_url)


def test_one_that_runs_is_used_and_left_alone() -> None:
    """The inner block starts nothing, so it ends nothing."""
    base_url = free_address()
    with simulator_running(base_url) as is_first_ours:
        with simulator_running(base_url, options=("--no-such-option",)) as is_second_ours:
            assert (is_first_ours, is_second_ours) == (True, False)
            assert answers(base_url)
        assert answers(base_url)


def test_it_ends_when_the_block_fails() -> None:
    """An exception passes through and leaves nothing behind."""
    base_url = free_address()
    with pytest.raises(RuntimeError, match="broken"), simulator_running(base_url):
        raise RuntimeError("broken")
    assert not answers(base_url)


def test_it_ends_while_calls_hang() -> None:
    """A hanging call keeps nothing alive."""
    base_url = free_address()
    port = int(base_url.split(":")[2].removesuffix("/v1"))
    body = b'{"model":"gpt-4o","messages":[{"role":"user","content":"Flip a coin."}]}'
    with socket.socket() as connection, simulator_running(base_url, options=("--fault", "timeout=1")):
        connection.connect(("127.0.0.1", port))
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
    assert not answers(base_url)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_dies_with_its_parent(number: signal.Signals) -> None:
    """Even by kill -9, which lets the parent clean up nothing: its end of the pipe closes."""
    base_url = free_address()
    command = [sys.executable, "-c", PARENT, base_url]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "running\n"
        assert answers(base_url)
        os.kill(parent.pid, number)
    assert ends(base_url)


def test_a_port_taken_by_something_else_is_named() -> None:
    """One sentence with the address."""
    with something_else() as base_url, pytest.raises(FlipbookError, match=r"127\.0\.0\.1:\d+ is taken"):
        simulator_running(base_url).__enter__()


def test_a_silent_listener_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is taken by what speaks no HTTP."""
    monkeypatch.setattr("tasks.embedded.PROBE_S", 0.2)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        with pytest.raises(FlipbookError, match="Cannot listen on"):
            simulator_running(base_url).__enter__()


@pytest.mark.parametrize("base_url", ["http://0.0.0.0:1/v1", "https://127.0.0.1:1/v1"])
def test_nothing_is_started_beyond_loopback(base_url: str) -> None:
    """A simulator elsewhere is used if it runs, and never started; asked in a process that may connect to 0.0.0.0."""
    ended = subprocess.run(
        [sys.executable, "-c", PARENT, base_url], cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False
    )
    assert "only ever started on a loopback address" in ended.stderr.splitlines()[-1]


def test_a_bad_option_is_told() -> None:
    """By the child's own last line."""
    with pytest.raises(FlipbookError, match="no kind of fault"):
        simulator_running(free_address(), options=("--fault", "earthquake=1")).__enter__()


def test_an_impossible_port_is_told() -> None:
    """Before anything is started."""
    with pytest.raises(FlipbookError, match="no address"):
        simulator_running("http://127.0.0.1:99999/v1").__enter__()
