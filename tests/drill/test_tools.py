"""What the drill harms with, each on a process of its own."""

import datetime as dt
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from drill.clock import Clocks, library
from drill.disk import FileLimit
from drill.place import MARK, Place
from drill.processes import family, flow_processes, kill, processes

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_S = 30
# Appends a line to a file whenever it is told to, and says whether it could; or says the time, after a sleep.
WRITER = """
import sys
with open(sys.argv[1], "ab", buffering=0) as file:
    for _ in sys.stdin:
        try:
            file.write(b"x" * 16384)
            print("written", flush=True)
        except OSError as error:
            print(error.strerror, flush=True)
"""
CLOCK = """
import datetime, sys, time
for _ in sys.stdin:
    time.sleep(0.01)
    print(datetime.datetime.now(datetime.UTC).isoformat(), flush=True)
"""
PARENT = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "input()"])
print("ready", flush=True)
input()
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A drill's folder."""
    made = Place(tmp_path / "drill")
    yield made
    made.simulator_reserved.close()


@contextmanager
def running(code: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process that reads lines and answers each."""
    child = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        kill(family(child.pid))
        child.communicate()


def answer(child: subprocess.Popen[str]) -> str:
    """What it says when it is told to go on."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    return child.stdout.readline().strip()


def test_a_limited_process_cannot_write_until_it_may_again(tmp_path: Path) -> None:
    """The stand-in for a full disk, where mounting is not allowed."""
    limit = FileLimit()
    with running(WRITER, str(tmp_path / "file")) as child:
        assert answer(child) == "written"
        limit.fill([child.pid])
        assert answer(child) == "File too large"
        limit.empty()
        assert answer(child) == "written"


def test_a_clock_jumps_in_the_middle_and_sleeping_goes_on(place: Place, until: Any) -> None:
    """Days ahead; and back again."""
    if library() is None and not os.environ.get("CI"):
        pytest.skip("libfaketime is not installed")
    clocks = Clocks(place)
    with running(CLOCK, **clocks.environment("worker")) as child:

        def hours_ahead() -> int:
            ahead = dt.datetime.fromisoformat(answer(child)) - dt.datetime.now(dt.UTC)
            return round(ahead / dt.timedelta(hours=1))

        assert hours_ahead() == 0
        for jump, hours in (("+30h", 30), ("-30h", -30), ("+0", 0)):
            clocks.set("worker", jump)
            until(lambda hours=hours: hours_ahead() == hours, PATIENCE_S)


def test_the_endpoints_port_is_kept_while_it_is_away(place: Place) -> None:
    """A run that finds no simulator starts one of its own: that one, without a ledger, must not take its place."""
    command = [sys.executable, "-m", "simulator", "--port", str(place.simulator_port), "--until-stdin-closes"]
    with socket.socket() as asking:
        assert asking.connect_ex(("127.0.0.1", place.simulator_port)) == errno.ECONNREFUSED
    stranger = subprocess.run(command, cwd=PROJECT, input="", capture_output=True, text=True, check=False)
    assert "Cannot listen" in stranger.stderr
    ours = subprocess.run(
        [*command, "--share-port"], cwd=PROJECT, input="", capture_output=True, text=True, check=False
    )
    assert (ours.returncode, "Simulated endpoint at" in ours.stdout) == (0, True)


def test_processes_are_found_by_their_mark_and_not_taken_for_what_they_started(place: Place, until: Any) -> None:
    """The one that executes a flow run is the topmost that names it."""
    with running(PARENT, **{MARK: place.token, "PREFECT__FLOW_RUN_ID": "run"}) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        until(lambda: len(processes(place.token)) == 2, PATIENCE_S)
        assert {process.pid for process in processes(place.token)} == set(family(child.pid))
        assert flow_processes(place.token)["run"].pid == child.pid
        assert processes("another") == []
