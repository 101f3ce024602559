"""Studies, spools, and real servers on loopback: the simulator, and one that says exactly what a test scripts."""

import asyncio
import datetime as dt
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tasks.core.study import Arm, Message, Prompt, Study, Target
from tasks.spool import RunHeader, Spool

PROJECT = Path(__file__).resolve().parents[2]
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
DAY = NOON.date()
START_S = 30


class Simulator:
    """A running simulator."""

    def __init__(self, *options: str) -> None:
        self.root = f"http://127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "simulator", "--port", self.root.rpartition(":")[2], "--until-stdin-closes"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
        self._child = subprocess.Popen([*command, *options], cwd=PROJECT, **pipes)
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert time.monotonic() < deadline, "the simulator did not start"
            time.sleep(0.05)

    @property
    def base_url(self) -> str:
        """What an endpoint declares."""
        return f"{self.root}/v1"

    def stats(self) -> dict[str, Any]:
        """The simulator's counters, with the ids of the answers that were sent whole."""
        with urlopen(f"{self.root}/stats?ids=1", timeout=5) as response:
            stats: dict[str, Any] = json.load(response)
        return stats

    def stop(self) -> None:
        """End it."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(10)

    def _answers(self) -> bool:
        try:
            urlopen(f"{self.root}/health", timeout=2).close()
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start_simulator() -> Iterator[Callable[..., Simulator]]:
    """Starts simulators with options; all end with the test."""
    started: list[Simulator] = []

    def start(*options: str) -> Simulator:
        started.append(Simulator(*options))
        return started[-1]

    yield start
    for simulator in started:
        simulator.stop()


@pytest.fixture
def new_study() -> Callable[..., Study]:
    """Makes small studies; any field can be given."""

    def make(endpoint: str = "sim", models: tuple[str, ...] = ("gpt-4o",), **fields: Any) -> Study:
        given = {
            "name": "coin-flip",
            "prompts": (Prompt(name="flip", messages=(Message(content="Flip a coin."),)),),
            "targets": tuple(Target(endpoint=endpoint, model=model, follow="Heads") for model in models),
            "arms": (Arm(temperature=0, seed=42, max_tokens=1, top_logprobs=5),),
            "samples": 20,
            "concurrency": 4,
        }
        return Study(**(given | fields))

    return make


@pytest.fixture
def new_spool(tmp_path: Path) -> Iterator[Callable[..., Spool]]:
    """Creates runs under the test's own directory, and lets go of them after it."""
    created: list[Spool] = []

    def create(study: Study, day: dt.date = DAY, started_at: dt.datetime = NOON) -> Spool:
        created.append(Spool.create(tmp_path / "spool", RunHeader.new(study, day, started_at=started_at)))
        return created[-1]

    yield create
    for spool in created:
        spool.close()


class Script:
    """A server that sends one scripted reply a request, the last one for ever; it keeps what it was sent."""

    def __init__(self, replies: tuple[bytes, ...]) -> None:
        self.replies = list(replies)
        self.requests: list[bytes] = []
        self.base_url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                if reply is HANG:
                    await asyncio.sleep(START_S)
                writer.write(reply)
                await writer.drain()
                if b"keep-alive" not in reply:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


HANG = b""


def reply(status: int = 200, body: bytes = b'{"id": "chatcmpl-1"}', *headers: str, length: int | None = None) -> bytes:
    """One HTTP response; `length` may lie."""
    lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def scripted() -> Callable[..., Any]:
    """Serves scripted replies on a free port, as an async context manager."""

    @asynccontextmanager
    async def serve(*replies: bytes) -> AsyncIterator[Script]:
        script = Script(replies)
        server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
        script.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        try:
            yield script
        finally:
            server.close()

    return serve


@pytest.fixture
def http_reply() -> Callable[..., bytes]:
    """Makes one HTTP response."""
    return reply
