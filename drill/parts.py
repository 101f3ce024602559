"""Server, workers, database and simulator: each a child on a leash that can be killed, and is started again."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from drill.place import HOST, Place
from drill.processes import family, kill
from flows import leashed
from tasks.catalogue import POOL
from tasks.settings import PROJECT

SERVER, WORKERS = "server", ("worker-1", "worker-2")


class Part:
    """One of the drill's own children, and where its words go."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """`command` is a Python module and its arguments."""
        self.name = name
        self.back_at = 0.0
        """Until when it stays away, by the monotonic clock."""
        self.on_start: Callable[[], None] = lambda: None
        self._command, self._environment, self._log = list(command), environment, log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start it, if it does not run."""
        if self.is_alive:
            return
        self.on_start()
        with self._log.open("ab") as log:
            # On a leash: when the drill is killed, this ends, too.
            self._child = subprocess.Popen(
                [sys.executable, "-m", leashed.__name__, *self._command],
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, *, with_children: bool = True) -> int:
        """`kill -9`, and its id. Without its children, those go on without a parent."""
        assert self._child is not None
        pid = self._child.pid
        if self.is_alive:
            kill(family(pid) if with_children else [pid])
        self._child.wait()
        if self._child.stdin:
            self._child.stdin.close()
        return pid

    def stop(self) -> None:
        """End it, asked first."""
        if self._child is not None:
            leashed.stop(self._child)


def server(place: Place, clocks: Mapping[str, dict[str, str]]) -> Part:
    """Prefect's server. `clocks` has the environment of those whose clock may jump."""
    command = ("prefect", "server", "start", "--host", HOST, "--port", str(place.server_port), "--no-ui")
    return Part(SERVER, command, place.environment | clocks.get(SERVER, {}), place.folder / "logs" / SERVER)


def workers(place: Place, clocks: Mapping[str, dict[str, str]]) -> list[Part]:
    """The process workers. The runs of each have its clock."""
    return [
        Part(
            name,
            ("prefect", "worker", "start", "--pool", POOL, "--type", "process", "--name", name),
            place.environment | clocks.get(name, {}),
            place.folder / "logs" / name,
        )
        for name in WORKERS
    ]


def simulator(place: Place, seed: int, latency_ms: float) -> Part:
    """The simulator, with its ledger: what it sent is what the accounts are held against, also after it was killed."""
    options = ("--seed", str(seed), "--latency-ms", str(latency_ms), "--retry-after", "0.3")
    kept = ("--control", "--share-port", "--ledger", str(place.ledger))
    command = ("simulator", "--port", str(place.simulator_port), *options, *kept)
    return Part("simulator", command, place.environment, place.folder / "logs" / "simulator")
