"""Carrying out the script: each kind of harm, whom it meets, and when it ends."""

import heapq
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPException
from urllib.request import ProxyHandler, Request, build_opener

from drill.clock import RIGHT, Clocks
from drill.disk import FileLimit, Tmpfs
from drill.jobs import Jobs
from drill.kills import SAMPLING, Kills, between, picked
from drill.place import Place
from drill.script import Harm, Kind
from tasks.settings import PROJECT

# What each storm consists of: the kinds of fault, and the share of calls that meets them at most.
STORMS: Mapping[Kind, tuple[tuple[str, ...], float]] = {
    Kind.RATE_LIMITED: (("429",), 1.0),
    Kind.ERRORS: (("500", "503"), 0.7),
    Kind.HANGS: (("timeout",), 0.2),
    Kind.CUT_OFF: (("cut", "drop"), 0.5),
    Kind.MALFORMED: (("bad-json", "html"), 0.3),
}
STORM_S, FULL_S, HELD_S, OFF_S = (1.0, 4.0), (0.2, 1.0), (0.5, 7.0), (3.0, 12.0)
WRITE_SHARE, PATIENCE_S = 0.3, 2
# Over midnight and back, a summer time, a week and more, an empty battery, and a little.
JUMPS = ("+30h", "-30h", "+1h", "-1h", "+9d", "-400d", "+12h", "-3")


class Harms:
    """Does harm, and ends what was to last a while. Each gives a few words on whom it met; None where nobody was there."""

    def __init__(
        self, place: Place, jobs: Jobs, kills: Kills, disk: Tmpfs | FileLimit, clocks: Clocks, clocked: Sequence[str]
    ) -> None:
        """`clocked` are the names of the parts whose clock can jump."""
        self._place, self._jobs, self._kills, self._disk = place, jobs, kills, disk
        self._clocks, self._clocked = clocks, clocked
        self._endings: list[tuple[float, int, Callable[[], None]]] = []
        self._rates: list[dict[str, float]] = []
        self._are_faults_put = True
        self.full: list[tuple[float, float]] = []
        """From when until when the disk was full, in seconds since 1970."""
        self._holders: list[subprocess.Popen[bytes]] = []

    def do(self, harm: Harm) -> str | None:
        """Carry out one harm."""
        if kill := self._kills.one_for(harm.kind):
            return kill(harm)
        match harm.kind:
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
        if not self._are_faults_put:
            self._put_faults()

    def forget_faults(self) -> None:
        """The endpoint was started anew: what it was told is to be told again."""
        self._are_faults_put = False

    def wait_for_holders(self) -> None:
        """Until nobody holds the warehouse any more."""
        for holder in self._holders:
            holder.wait()

    def _storm(self, harm: Harm) -> str | None:
        if not self._kills.busy(SAMPLING):
            return None
        kinds, most = STORMS[harm.kind]
        rates = dict.fromkeys(kinds, (0.3 + 0.7 * harm.strength) * most / len(kinds))
        seconds = between(STORM_S, harm.pick)
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
        # It may be away; then it is told when it is back.
        self._are_faults_put = False
        with suppress(OSError, HTTPException):
            build_opener(ProxyHandler({})).open(request, timeout=PATIENCE_S).close()
            self._are_faults_put = True

    def _fill_disk(self, harm: Harm) -> str | None:
        if not self._kills.busy(SAMPLING):
            return None
        living = [life.process.pid for life in self._jobs.living() if life.process]
        seconds = between(FULL_S, harm.strength)
        since = time.time()
        self._disk.fill(living)

        def empty() -> None:
            self._disk.empty()
            self.full.append((since, time.time()))

        self._end_after(seconds, empty)
        return f"for {seconds:.1f} s, {len(living)} runs there"

    def _hold_warehouse(self, harm: Harm) -> str | None:
        # Before anything has landed, there is nothing to read.
        if not self._place.settings.marts_file.exists():
            return None
        seconds, how = between(HELD_S, harm.strength), "write" if harm.pick < WRITE_SHARE else "read"
        command = [sys.executable, "-m", "drill.holding", f"{seconds:.2f}", how]
        self._holders.append(subprocess.Popen(command, cwd=PROJECT, env=self._place.environment))
        return f"for {seconds:.1f} s, to {how}"

    def _run_twice(self, harm: Harm) -> str | None:
        life = picked(harm, self._jobs.living())
        return str(life.job) if life and self._jobs.ask(life.job) else None

    def _set_clock(self, harm: Harm) -> str | None:
        name = picked(harm, self._clocked)
        if name is None:
            return None
        jump = JUMPS[int(harm.strength * len(JUMPS))]
        # The worker's runs have its clock: those that live now, and those that begin while it is off.
        seconds = between(OFF_S, harm.pick)
        self._clocks.set(name, jump)
        self._end_after(seconds, lambda: self._clocks.set(name, RIGHT))
        return f"{jump} for {seconds:.1f} s, {name}"

    def _end_after(self, seconds: float, ending: Callable[[], None]) -> None:
        heapq.heappush(self._endings, (time.monotonic() + seconds, id(ending), ending))
