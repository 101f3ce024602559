"""How fast the sampling stage is, spool included, each figure beside its floor of the same run."""

import asyncio
import datetime as dt
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai

from benchmarks.figures import Figure
from tasks.core.endpoints import Endpoint
from tasks.core.study import Arm, Message, Prompt, Study, Target
from tasks.sample import sample_study
from tasks.spool import RunHeader, Spool

PROJECT = Path(__file__).resolve().parents[1]
# Long enough that opening 256 connections, once, does not decide the figure.
ROUNDS = 24
PROMPT = "Flip a coin. Answer with one word: Heads or Tails."

# Calls a second at a base URL, for so many calls, so many at once.
Measure = Callable[[str, int, int], Coroutine[Any, Any, float]]


@contextmanager
def stub(latency_ms: float) -> Iterator[str]:
    """The stub server in a process of its own; its base URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.stub", str(port), str(latency_ms)], cwd=PROJECT)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("The stub server did not start.")


def study_of(calls: int, at_once: int) -> Study:
    """So many calls of one series."""
    return Study(
        name="bench",
        prompts=(Prompt(name="flip", messages=(Message(content=PROMPT),)),),
        targets=(Target(endpoint="stub", model="stub", follow="Heads"),),
        arms=(Arm(temperature=0, seed=42, max_tokens=1, top_logprobs=10),),
        samples=calls,
        concurrency=at_once,
    )


async def stage(base_url: str, calls: int, at_once: int) -> float:
    """Calls a second through the whole sampling stage."""
    endpoint = Endpoint(name="stub", base_url=base_url)
    with tempfile.TemporaryDirectory() as root:
        now = dt.datetime.now(dt.UTC)
        header = RunHeader.new(study_of(calls, at_once), now.date(), started_at=now)
        with Spool.create(Path(root), header) as spool:
            start = time.perf_counter()
            outcome = await sample_study(spool, {"stub": endpoint}, environment={})
            seconds = time.perf_counter() - start
    if outcome.run.attempted != calls or outcome.targets[0].failures:
        raise RuntimeError(f"The benchmark's run went wrong: {outcome}")
    return calls / seconds


async def plain_sdk(base_url: str, calls: int, at_once: int) -> float:
    """Calls a second of a plain loop over the SDK's own method, nothing kept."""
    left = iter(range(calls))

    async def work(client: openai.AsyncOpenAI) -> None:
        for _ in left:
            await client.chat.completions.create(
                model="stub",
                messages=[{"role": "user", "content": PROMPT}],
                temperature=0,
                seed=42,
                max_tokens=1,
                logprobs=True,
                top_logprobs=10,
            )

    async with openai.AsyncOpenAI(base_url=base_url, api_key="none") as client:
        start = time.perf_counter()
        await asyncio.gather(*(work(client) for _ in range(at_once)))
        return calls / (time.perf_counter() - start)


def measured(run: Measure, latency_ms: float, calls: int, at_once: int) -> float:
    """Calls a second of `run` against a fresh stub: the best of three, because other work can only slow it down."""
    with stub(latency_ms) as base_url:
        asyncio.run(run(base_url, at_once, at_once))
        return max(asyncio.run(run(base_url, calls, at_once)) for _ in range(3))


def main() -> bool:
    """Measure; return whether all is met."""
    ideal = 256 / 0.3
    waiting = measured(stage, 300, 256 * ROUNDS, 256)
    plain = measured(plain_sdk, 0, 2_000, 64)
    busy = measured(stage, 0, 5_000, 64)
    met = [
        _figure("sampling, 300 ms latency, 256 at once (floor: 256 / 0.3)", waiting, ideal, 0.93),
        _figure("sampling, no latency, 64 at once (floor: a plain SDK loop)", busy, plain, 2.0),
    ]
    return all(met)


def _figure(name: str, value: float, floor: float, ratio: float) -> bool:
    return Figure(name, value, "calls/s", floor, f"at least {ratio} times", value >= ratio * floor).say()
