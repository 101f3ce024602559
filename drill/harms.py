"""Carrying out the script: each kind of harm, whom it meets, and when it ends."""

import heapq
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.request import ProxyHandler, Request, build_opener

from drill.clock import Clocks
from drill.disk import FileLimit, Tmpfs
from drill.jobs import Jobs, Life
from drill.parts import Part
from drill.place import Place
from drill.processes import kill
from drill.script import Harm, Kind
from tasks.settings import PROJECT

T = TypeVar("T")

# What each storm consists of: the kinds of fault, and the share of calls that meets them at most.
STORMS: Mapping[Kind, tuple[tuple[str, ...], float]] = {
    Kind.RATE_LIMITED: (("429",), 1.0),
    Kind.ERRORS: (("500", "503"), 0.7),
    Kind.HANGS: (("timeout",), 0.2),
    Kind.CUT_OFF: (("cut", "drop"), 0.5),
    Kind.MALFORMED: (("bad-json", "html"), 0.3),
}
SAMPLING, AT_WAREHOUSE, BETWEEN = "sampling", "at the warehouse", "starting or between"
BETWEEN_SHARE, AIM_S = 0.25, 6.0
STORM_S, FULL_S, HELD_S = (1.0, 4.0), (0.2, 1.0), (0.5, 7.0)
# Over midnight and back, a summer time, a week and more, an empty battery, and a little.
JUMPS = ("+30h", "-30h", "+1h", "-1h", "+9d", "-400d", "+12h", "-3")


class Harms:
    """Does harm, and ends what was to last a while. Each gives a few words on whom it met; None where nobody was there."""

    def __init__(
        self, place: Place, jobs: Jobs, parts: Mapping[Kind, Sequence[Part]], disk: Tmpfs | FileLimit, clocks: Clocks
    ) -> None:
        """`parts` are those that a kind of harm kills."""
        self._place, self._jobs, self._parts, self._disk, self._clocks = place, jobs, parts, disk, clocks
        self._endings: list[tuple[float, int, Callable[[], None]]] = []
        self._rates: list[dict[str, float]] = []
        self.full: list[tuple[float, float]] = []
        """From when until when the disk was full, in seconds since 1970."""
        self._aimed: dict[Harm, tuple[Life, float]] = {}
        self._holders: list[subprocess.Popen[bytes]] = []

    def do(self, harm: Harm) -> str | None:
        """Carry out one harm."""
        match harm.kind:
            case Kind.FLOW_KILLED:
                return self._kill_flow(harm)
            case Kind.WORKER_KILLED | Kind.SERVER_KILLED | Kind.DATABASE_KILLED:
                return self._kill_part(harm)
            case Kind.DISK_FULL:
                return self._fill_disk(harm)
            case Kind.WAREHOUSE_HELD:
                return self._hold_warehouse(harm)
            case Kind.TWO_AT_ONCE:
                return self._run_twice(harm)
            case Kind.CLOCK_JUMPS:
                return self._set_clock(harm)
        return self._storm(harm)

    def end_due(self, *, everything: bool = False) -> None:
        """End what has lasted long enough."""
        while self._endings and (everything or self._endings[0][0] <= time.monotonic()):
            heapq.heappop(self._endings)[2]()

    def wait_for_holders(self) -> None:
        """Until nobody holds the warehouse any more."""
        for holder in self._holders:
            holder.wait()

    def _kill_flow(self, harm: Harm) -> str | None:
        # Most of a short run is starting Python: mostly those are aimed at that have something to lose.
        aims_at_work = harm.strength > BETWEEN_SHARE
        life, at = self._aimed.get(harm, (None, 0.0))
        if life is None or not life.is_living:
            life = _picked(harm, self._busy(SAMPLING, AT_WAREHOUSE) if aims_at_work else self._busy())
            # Not at once: all would be killed in the moment in which they begin to sample.
            at = time.monotonic() + harm.pick * AIM_S
            if life is not None:
                self._aimed[harm] = life, at
        if life is None or life.process is None or time.monotonic() < at:
            return None
        doing = self._doing(life)
        kill([life.process.pid])
        life.killed_at = time.time()
        return f"{life.job}, {doing}"

    def _busy(self, *doing: str) -> list[Life]:
        """The lives that do one of these; all that live, where none is named."""
        return [life for life in self._jobs.living() if not doing or self._doing(life) in doing]

    def _doing(self, life: Life) -> str:
        """What a run's process does, by the files that it has open."""
        settings = self._place.settings
        try:
            assert life.process is not None
            open_files = [file.readlink() for file in Path(f"/proc/{life.process.pid}/fd").iterdir()]
        except OSError:
            return BETWEEN
        if any(file.is_relative_to(settings.spool) for file in open_files):
            return SAMPLING
        return AT_WAREHOUSE if settings.warehouse_file in open_files else BETWEEN

    def _kill_part(self, harm: Harm) -> str | None:
        part = _picked(harm, [part for part in self._parts[harm.kind] if part.is_alive])
        if part is None:
            return None
        # A worker's runs go on without it.
        part.kill(with_children=harm.kind is not Kind.WORKER_KILLED)
        return part.name

    def _storm(self, harm: Harm) -> str | None:
        if not self._busy(SAMPLING):
            return None
        kinds, most = STORMS[harm.kind]
        rates = dict.fromkeys(kinds, (0.3 + 0.7 * harm.strength) * most / len(kinds))
        seconds = _between(STORM_S, harm.pick)
        self._rates.append(rates)
        self._put_faults()
        self._end_after(seconds, lambda: self._end_storm(rates))
        return f"{sum(rates.values()):.0%} of calls for {seconds:.1f} s"

    def _end_storm(self, rates: dict[str, float]) -> None:
        self._rates.remove(rates)
        self._put_faults()

    def _put_faults(self) -> None:
        rates = {kind: rate for storm in self._rates for kind, rate in storm.items()}
        body = json.dumps({"rates": rates}).encode()
        request = Request(f"{self._place.simulator_url}/faults", body, method="PUT")
        build_opener(ProxyHandler({})).open(request, timeout=10).close()

    def _fill_disk(self, harm: Harm) -> str | None:
        if not self._busy(SAMPLING):
            return None
        living = [life.process.pid for life in self._jobs.living() if life.process]
        seconds = _between(FULL_S, harm.strength)
        self.full.append((time.time(), time.time() + seconds))
        self._disk.fill(living)
        self._end_after(seconds, self._disk.empty)
        return f"for {seconds:.1f} s, {len(living)} runs there"

    def _hold_warehouse(self, harm: Harm) -> str | None:
        # Before anything has landed, there is nothing to read.
        if not self._place.settings.marts_file.exists():
            return None
        seconds = _between(HELD_S, harm.strength)
        command = [sys.executable, "-m", "drill.holding", f"{seconds:.2f}"]
        self._holders.append(subprocess.Popen(command, cwd=PROJECT, env=self._place.environment))
        return f"for {seconds:.1f} s"

    def _run_twice(self, harm: Harm) -> str | None:
        life = _picked(harm, self._jobs.living())
        return str(life.job) if life and self._jobs.ask(life.job) else None

    def _set_clock(self, harm: Harm) -> str | None:
        life = _picked(
            harm, [one for one in self._busy() if one.process and self._clocks.can_jump(one.process.environment)]
        )
        if life is None or life.process is None:
            return None
        jump = JUMPS[int(harm.strength * len(JUMPS))]
        self._clocks.set(life.process.environment, jump)
        return f"{jump}, {life.job}"

    def _end_after(self, seconds: float, ending: Callable[[], None]) -> None:
        heapq.heappush(self._endings, (time.monotonic() + seconds, id(ending), ending))


def _picked(harm: Harm, victims: Sequence[T]) -> T | None:
    return victims[int(harm.pick * len(victims))] if victims else None


def _between(bounds: tuple[float, float], share: float) -> float:
    low, high = bounds
    return low + (high - low) * share
