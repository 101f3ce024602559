"""The processes of a drill, found by the mark in their environment. Linux alone shows it, in /proc."""

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from drill.place import MARK

FLOW_RUN = "PREFECT__FLOW_RUN_ID"
PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A living process that carries the mark."""

    pid: int
    parent: int
    environment: dict[str, str]

    @property
    def flow_run(self) -> str | None:
        """The id of the flow run that it, or a process above it, executes."""
        return self.environment.get(FLOW_RUN)


def processes(token: str) -> list[Process]:
    """All that this drill started, whoever is their parent by now. The drill itself carries no mark."""
    return [process for process in _all() if process.environment.get(MARK) == token]


def flow_processes(token: str) -> dict[str, Process]:
    """By flow run, the process that executes it; not what that one started in turn."""
    found = processes(token)
    runs = {process.pid: process.flow_run for process in found}
    return {
        process.flow_run: process
        for process in found
        if process.flow_run is not None and runs.get(process.parent) != process.flow_run
    }


def family(root: int) -> list[int]:
    """A process and all below it."""
    parents = [(pid, parent) for pid in _pids() if (parent := _parent(pid)) is not None]
    found = [root]
    for member in found:
        found += [pid for pid, parent in parents if parent == member]
    return found


def command(pid: int) -> str:
    """How a process was started; empty where it is gone."""
    with suppress(OSError):
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return ""


def kill(pids: Iterable[int], number: int = signal.SIGKILL) -> None:
    """As `kill -9` does, or with another signal; one that is gone already is none to kill."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _all() -> Iterator[Process]:
    for pid in _pids():
        with suppress(OSError):
            said = (PROC / str(pid) / "environ").read_bytes().decode("utf-8", "replace").split("\0")
            environment = dict(pair.split("=", 1) for pair in said if "=" in pair)
            if MARK in environment and (parent := _parent(pid)) is not None:
                yield Process(pid, parent, environment)


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int | None:
    try:
        # After the name, which stands in brackets and may hold anything: the state, and the parent.
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
