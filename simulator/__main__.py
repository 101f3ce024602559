"""`python -m simulator`: serves until it is stopped."""

import argparse
import asyncio
import datetime as dt
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from simulator.faults import known_kind
from simulator.server import Server
from simulator.settings import DEFAULT_CHANGES_ON, Settings
from tasks.core.errors import FlipbookError, UsageError

# A hanging call must not outlive the process that asked for this one.
SHUTDOWN_S = 0.2
BACKLOG = 1024
Number = TypeVar("Number", int, float)


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until stopped; the exit code is 0 then, 1 or 2 with one sentence on standard error otherwise."""
    arguments = _parser().parse_args(argv)
    try:
        asyncio.run(_serve(arguments, _settings(arguments)))
    except FlipbookError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="Flipbook's simulated model endpoint.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8089)
    parser.add_argument("--seed", type=int, default=0, help="what all draws depend on")
    parser.add_argument("--key", help="demand this key of every request")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="what each answer takes")
    parser.add_argument("--slow-ms", type=float, default=2000.0, help="what the fault `latency` adds")
    parser.add_argument("--retry-after", type=float, default=1.0, metavar="S", help="what a 429 asks for, in seconds")
    parser.add_argument(
        "--changes-on",
        type=dt.date.fromisoformat,
        default=DEFAULT_CHANGES_ON,
        metavar="DAY",
        help="the day from which on the controls that change have changed",
    )
    parser.add_argument("--fault", action="append", default=[], metavar="KIND=RATE", help="meet a share of the calls")
    parser.add_argument("--fault-first", action="append", default=[], metavar="KIND=N", help="meet the next N calls")
    parser.add_argument(
        "--ledger", type=Path, metavar="FILE", help="note there each answer that is begun, and sent whole"
    )
    parser.add_argument("--control", action="store_true", help="let PUT /faults change the faults while it runs")
    parser.add_argument(
        "--share-port", action="store_true", help="take a port that another socket reserves (SO_REUSEPORT)"
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when the pipe on standard input closes")
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    return Settings(
        seed=arguments.seed,
        latency_s=arguments.latency_ms / 1000,
        slow_s=arguments.slow_ms / 1000,
        retry_after_s=arguments.retry_after,
        changes_on=arguments.changes_on,
        key=arguments.key,
        ledger=arguments.ledger,
        is_controlled=arguments.control,
        fault_rates=_pairs(arguments.fault, float),
        first_faults=_pairs(arguments.fault_first, int),
    )


def _pairs(given: list[str], number: Callable[[str], Number]) -> dict[str, Number]:
    pairs = {}
    for pair in given:
        kind, _, amount = pair.partition("=")
        try:
            pairs[known_kind(kind)] = number(amount)
        except ValueError as error:
            raise UsageError(f"{pair!r} must read KIND=NUMBER, such as 429=0.1.") from error
    return pairs


async def _serve(arguments: argparse.Namespace, settings: Settings) -> None:
    runner = web.AppRunner(Server(settings).app(), access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    stopped = _stop_event(arguments.until_stdin_closes)
    try:
        shared = arguments.share_port or None
        await web.TCPSite(runner, arguments.host, arguments.port, backlog=BACKLOG, reuse_port=shared).start()
        print(f"Simulated endpoint at http://{arguments.host}:{arguments.port}/v1", flush=True)
        await stopped.wait()
    except (OSError, OverflowError) as error:
        reason = str(error).rstrip(".")
        raise FlipbookError(f"Cannot listen on {arguments.host}:{arguments.port}: {reason}.") from error
    finally:
        await runner.cleanup()


def _stop_event(until_stdin_closes: bool) -> asyncio.Event:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if until_stdin_closes:
        _stop_at_end_of_stdin(loop, stopped)
    return stopped


def _stop_at_end_of_stdin(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    try:
        loop.add_reader(sys.stdin.fileno(), _read_to_end, stopped)
    except PermissionError as error:
        raise UsageError("--until-stdin-closes needs a pipe on standard input.") from error


def _read_to_end(stopped: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stopped.set()


if __name__ == "__main__":
    sys.exit(main())
