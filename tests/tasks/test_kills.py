"""Real processes, really killed in the middle of a run: nothing received is lost, and nothing is asked twice."""

import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tasks.core.study import Study
from tasks.spool import Folder, close_past, finished_not_landed

PROJECT = Path(__file__).resolve().parents[2]
DAY = dt.date(2026, 3, 1)
AT_ONCE = 16
CALLS = 300
RUN = """
import asyncio, datetime as dt, sys
from pathlib import Path
from tasks.core.endpoints import Endpoint
from tasks.core.study import Study
from tasks.sample import sample_study
from tasks.spool import RunHeader, Spool

root, base_url, study = Path(sys.argv[1]), sys.argv[2], Study.model_validate_json(sys.argv[3])
day = dt.date.fromisoformat(sys.argv[4])
endpoint = Endpoint(name="sim", kind="simulator", base_url=base_url)
header = RunHeader.new(study, day, started_at=dt.datetime.now(dt.UTC))
with Spool.resumable(root, study, day) or Spool.create(root, header) as spool:
    print(spool.header.run_id, flush=True)
    asyncio.run(sample_study(spool, {"sim": endpoint}, environment={}))
"""

NewStudy = Callable[..., Study]


@contextmanager
def running(root: Path, base_url: str, study: Study) -> Iterator[subprocess.Popen[str]]:
    """A process that samples the study, resuming what it may; killed at the latest with the test."""
    command = [sys.executable, "-c", RUN, str(root), base_url, study.model_dump_json(), DAY.isoformat()]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines_in(root: Path) -> int:
    """Lines in all spool files."""
    return sum(path.read_bytes().count(b"\n") for path in root.glob("[!.]*/*.ndjson"))


def wait_for_lines(root: Path, lines: int) -> None:
    """Until so many lines are there."""
    deadline = time.monotonic() + 60
    while lines_in(root) < lines:
        assert time.monotonic() < deadline, "the run makes no progress"
        time.sleep(0.005)


def ids(folder: Folder) -> list[str]:
    """The ids of all answers of a run."""
    (target,) = folder.header.study.targets
    return [json.loads(sample["response"])["id"] for sample in folder.samples(target)]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_goes_on_without_loss_or_repeat(
    how: signal.Signals, start_simulator: Callable[..., Any], new_study: NewStudy, tmp_path: Path
) -> None:
    """Killed twice at random moments, then left alone: every call once, and only calls in flight asked again."""
    simulator = start_simulator("--latency-ms", "40")
    study = new_study(samples=CALLS, concurrency=AT_ONCE)
    for kill in range(2):
        with running(tmp_path, simulator.base_url, study) as process:
            wait_for_lines(tmp_path, CALLS // 4 * (kill + 1) + random.randrange(30))
            os.kill(process.pid, how)
            process.wait(20)
    with running(tmp_path, simulator.base_url, study) as process:
        assert process.wait(60) == 0
    (folder,) = finished_not_landed(tmp_path)
    (target,) = study.targets
    assert sorted(sample["repeat"] for sample in folder.samples(target)) == list(range(CALLS))
    assert (folder.run.state, folder.run.attempted) == ("complete", CALLS)
    sent, kept = simulator.stats()["ids"], ids(folder)
    assert len(set(kept)) == CALLS
    assert set(kept) <= set(sent)
    assert len(sent) - len(kept) <= 2 * AT_ONCE


def test_two_runs_at_once_leave_each_other_alone(
    start_simulator: Callable[..., Any], new_study: NewStudy, tmp_path: Path
) -> None:
    """The second begins a run of its own; both end whole."""
    simulator = start_simulator("--latency-ms", "40")
    study = new_study(samples=100, concurrency=4)
    with running(tmp_path, simulator.base_url, study) as first:
        wait_for_lines(tmp_path, 1)
        # Halted, so that it surely holds its run while the second process begins and ends.
        first.send_signal(signal.SIGSTOP)
        with running(tmp_path, simulator.base_url, study) as second:
            assert second.wait(60) == 0
        first.send_signal(signal.SIGCONT)
        assert first.wait(60) == 0
    folders = finished_not_landed(tmp_path)
    assert len(folders) == 2
    assert [len(set(ids(folder))) for folder in folders] == [100, 100]
    assert set(ids(folders[0])).isdisjoint(ids(folders[1]))


def test_a_killed_run_that_nobody_resumes_lands_incomplete(
    start_simulator: Callable[..., Any], new_study: NewStudy, tmp_path: Path
) -> None:
    """When its day is over, what it has is closed; not while its process lives."""
    simulator = start_simulator("--latency-ms", "40")
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    with running(tmp_path, simulator.base_url, new_study(samples=CALLS)) as process:
        wait_for_lines(tmp_path, 20)
        assert close_past(tmp_path, tomorrow) == []
        process.kill()
        process.wait()
    assert close_past(tmp_path, tomorrow - dt.timedelta(days=1)) == []
    (folder,) = close_past(tmp_path, tomorrow)
    assert folder.run.state == "incomplete"
    assert folder.run.attempted == lines_in(tmp_path) >= 20
