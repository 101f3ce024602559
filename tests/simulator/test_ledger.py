"""The ledger of what was sent, and faults that are changed while the simulator runs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import openai
import pytest
from openai import OpenAI

PROJECT = Path(__file__).resolve().parents[2]
COIN: Any = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "Flip a coin. Return Heads or Tails only."}],
    "max_tokens": 1,
}
Start = Callable[..., str]


def client_of(root: str) -> OpenAI:
    """The SDK, without retries of its own."""
    return OpenAI(base_url=f"{root}/v1", api_key="any", max_retries=0, timeout=10)


def lines(ledger: Path, at_least: int = 0) -> list[dict[str, Any]]:
    """What the ledger says. A whole answer may be here a moment before its line is."""
    for _ in range(500):
        found = [json.loads(line) for line in ledger.read_text().splitlines()]
        if len(found) >= at_least:
            return found
        time.sleep(0.01)
    return found


def put_faults(root: str, said: object) -> int:
    """Change the faults; the status of the answer."""
    request = Request(f"{root}/faults", json.dumps(said).encode(), method="PUT")
    with urlopen(request, timeout=5) as response:
        return int(response.status)


def test_an_answer_stands_twice_in_the_ledger_under_the_id_that_its_headers_have(
    start_simulator: Start, tmp_path: Path
) -> None:
    """Once when it is begun, once when it is out; with the day and the request that it answers."""
    ledger = tmp_path / "ledger"
    with client_of(start_simulator("--ledger", str(ledger))) as client:
        response = client.chat.completions.with_raw_response.create(
            **COIN, extra_headers={"x-flipbook-day": "2026-03-01"}
        )
    started, whole = lines(ledger, 2)
    assert (started["event"], whole["event"]) == ("started", "whole")
    assert started["call"] == whole["call"] == response.headers["x-request-id"]
    assert (whole["day"], whole["model"], whole["fault"]) == ("2026-03-01", "gpt-4o", None)
    assert started["at"] <= whole["at"]


@pytest.mark.parametrize(("fault", "events"), [("cut", ["started"]), ("html", ["started", "whole"]), ("500", [])])
def test_the_ledger_tells_what_was_cut_off_from_what_was_sent(
    fault: str, events: list[str], start_simulator: Start, tmp_path: Path
) -> None:
    """An answer that was cut off was begun; a page is sent whole; an error is no answer."""
    ledger = tmp_path / "ledger"
    with client_of(start_simulator("--ledger", str(ledger), "--fault-first", f"{fault}=1")) as client:
        try:
            client.chat.completions.with_raw_response.create(**COIN)
        except openai.APIError:
            assert fault != "html"
    assert [(line["event"], line["fault"]) for line in lines(ledger, len(events))] == [
        (event, fault) for event in events
    ]


def test_a_killed_simulator_goes_on_in_its_ledger(start_simulator: Start, tmp_path: Path) -> None:
    """What it sent before is still there, whoever comes after."""
    ledger = tmp_path / "ledger"
    for answers in (1, 2):
        root = start_simulator("--ledger", str(ledger))
        with client_of(root) as client:
            client.chat.completions.create(**COIN)
        assert sum(line["event"] == "whole" for line in lines(ledger, 2 * answers)) == answers
        os.kill(_listening_at(root), signal.SIGKILL)


def test_faults_change_while_it_runs(start_simulator: Start) -> None:
    """A storm begins and ends; what is no fault changes nothing."""
    root = start_simulator("--control")
    with client_of(root) as client:
        assert put_faults(root, {"rates": {"500": 1}}) == 200
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(**COIN)
        assert put_faults(root, {}) == 200
        client.chat.completions.create(**COIN)
        for said in ({"rates": {"earthquake": 1}}, {"often": 1}, [], {"rates": {"500": "much"}}):
            with pytest.raises(OSError, match="400"):
                put_faults(root, said)
        client.chat.completions.create(**COIN)


def test_nobody_changes_the_faults_of_a_simulator_that_is_not_to_be_controlled(start_simulator: Start) -> None:
    """The address is not there."""
    with pytest.raises(OSError, match="404"):
        put_faults(start_simulator(), {})


def test_a_ledger_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """And exit code 2."""
    command = [sys.executable, "-m", "simulator", "--ledger", str(tmp_path / "no" / "ledger")]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, len(ended.stderr.strip().splitlines())) == (2, 1)


def _listening_at(root: str) -> int:
    """The process that was started with this port."""
    port = root.rpartition(":")[2]
    listed = subprocess.run(["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
    (pid,) = [int(line.split()[0]) for line in listed.splitlines() if f"simulator --port {port} " in line]
    return pid
