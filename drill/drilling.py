"""One drill from start to end: set up, harm, settle, read the books."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from drill.accounts import Accounts, Ends, account
from drill.api import Api
from drill.clock import Clocks
from drill.database import Database
from drill.disk import FileLimit, Tmpfs, spool_disk
from drill.harms import Harms
from drill.jobs import Jobs
from drill.kills import Kills
from drill.pages import CLI, pages_rendered
from drill.parts import SERVER, WORKERS, Part, server, simulator, workers
from drill.place import Place
from drill.processes import kill, processes
from drill.reading import read_books
from drill.script import Harm, Kind
from tasks import catalogue
from tasks.core.errors import FlipbookError
from tasks.core.study import Study
from tasks.settings import PROJECT

LATENCY_MS = 150
TICK_S = 0.2
TOLD_EVERY_S = 15
START_S, SETTLE_S = 120, 600
# A part that dies at its start, because what it needs was killed as well, is not started again at once.
RESTART_S = 1.0


@dataclass(frozen=True)
class Drilled:
    """What came of a drill."""

    done: Counter[Kind]
    """How many harms of each kind met somebody."""
    details: dict[Kind, Counter[str]]
    """Of kills of runs, what they were doing."""
    accounts: Accounts
    pages: int
    disk: str
    clocks: bool
    seconds: float


class Drill:
    """The system, its harm, and what is watched."""

    def __init__(self, place: Place, seed: int, at_once: int, tell: Callable[[str], None]) -> None:
        """`at_once` is how many days are sampled at the same time."""
        self._place, self._tell = place, tell
        self._api = Api(place.api_url)
        self._clocks = Clocks(place)
        self._studies = catalogue.deployments(place.settings)
        self._jobs = Jobs(place, self._api, self._studies, seed, at_once)
        self._seed = seed
        self._parts: list[Part] = []
        self._started_at: dict[str, float] = {}

    def run(self, script: Sequence[Harm]) -> Drilled:
        """All of it. Raises FlipbookError where the system does not start, or does not come to rest."""
        began = time.monotonic()
        with self._system() as (harms, disk):
            done, details = self._harm(harms, script)
            harms.end_due(everything=True)
            harms.wait_for_holders()
            self._settle()
            pages = pages_rendered(self._place, {job.study for job in self._jobs.jobs})
            books = read_books(self._place.settings, self._place.ledger, self._studies)
            widths = {name: width(study) for name, study in self._studies.items()}
            ends = Ends(list(self._jobs.lives.values()), widths, harms.full, self._kills.of_endpoint)
            accounts = account(books, ends)
            self._log_lives(accounts)
            return Drilled(done, details, accounts, pages, disk.name, self._clocks.are_there, time.monotonic() - began)

    @contextmanager
    def _system(self) -> Iterator[tuple[Harms, Tmpfs | FileLimit]]:
        disk = spool_disk(self._place.settings.spool)
        try:
            database = Database(self._place)
            # One worker's clock is right: its runs are as fast as any.
            clocked = (SERVER, WORKERS[1]) if self._clocks.are_there else ()
            clocks = {name: self._clocks.environment(name) for name in clocked}
            prefect, at_work = server(self._place, clocks), workers(self._place, clocks)
            endpoint = simulator(self._place, self._seed, LATENCY_MS)
            self._parts = [database, endpoint, prefect]
            self._keep_up()
            self._wait(lambda: self._api.is_up, START_S, "Prefect's server did not start")
            self._deploy()
            self._parts += at_work
            victims: dict[Kind, Sequence[Part]] = {
                Kind.WORKER_KILLED: at_work,
                Kind.SERVER_KILLED: [prefect],
                Kind.DATABASE_KILLED: [database],
                Kind.DATABASE_STOPPED: [database],
                Kind.ENDPOINT_KILLED: [endpoint],
            }
            self._kills = Kills(self._place, self._jobs, victims)
            harms = Harms(self._place, self._jobs, self._kills, disk, self._clocks, clocked)
            endpoint.on_start = harms.forget_faults
            yield harms, disk
        finally:
            for part in reversed(self._parts):
                part.stop()
            kill(process.pid for process in processes(self._place.token))
            self._clocks.tidy()
            disk.close()
            self._place.simulator_reserved.close()

    def _deploy(self) -> None:
        command = [sys.executable, "-c", CLI, "deploy"]
        environment = self._place.environment
        made = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        if made.returncode:
            raise FlipbookError(f"`flipbook deploy` failed: {(made.stderr or made.stdout).strip()}")
        self._wait(self._jobs.find_deployments, START_S, "The deployments are not there")

    def _harm(self, harms: Harms, script: Sequence[Harm]) -> tuple[Counter[Kind], dict[Kind, Counter[str]]]:
        """Every line of the script; one that meets nobody waits, and those after it go before."""
        done: Counter[Kind] = Counter()
        details: dict[Kind, Counter[str]] = {}
        waiting, began, told_at = list(script), time.monotonic(), time.monotonic()
        # So that those that waited do not all come at once.
        gap_s = script[-1].at_s / len(script) / 2
        next_at = began
        while waiting:
            self._keep_up()
            self._jobs.step(begin=True)
            harms.end_due()
            now = time.monotonic()
            for harm in [one for one in waiting if one.at_s <= now - began and now >= next_at]:
                if (met := harms.do(harm)) is not None:
                    waiting.remove(harm)
                    next_at = now + gap_s
                    done[harm.kind] += 1
                    details.setdefault(harm.kind, Counter())[met.rpartition(", ")[2]] += 1
                    self._log(f"{time.time():.3f} {harm.kind}: {met}")
                    break
            if now - told_at > TOLD_EVERY_S:
                told_at = now
                self._tell(f"{done.total()} of {len(script)} harms, {len(self._jobs.complete)} days sampled.")
            time.sleep(TICK_S)
        return done, details

    def _settle(self) -> None:
        """No harm any more: whatever was begun is finished, and lands."""
        self._tell(f"No more harm: {len(self._jobs.jobs) - len(self._jobs.complete)} days are still to be finished.")

        def is_at_rest() -> bool:
            self._jobs.step(begin=False)
            return self._jobs.are_done

        self._wait(is_at_rest, SETTLE_S, "Not every day was finished")
        self._jobs.learn_states()

    def _keep_up(self) -> None:
        """Start again what was killed."""
        for part in self._parts:
            is_due = time.monotonic() - self._started_at.get(part.name, 0) > RESTART_S
            if not part.is_alive and is_due and time.monotonic() >= part.back_at:
                self._started_at[part.name] = time.monotonic()
                part.start()

    def _wait(self, is_so: Callable[[], bool], seconds: float, otherwise: str) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                raise FlipbookError(f"{otherwise} within {seconds:g} s: see {self._place.folder}/logs.")
            self._keep_up()
            time.sleep(TICK_S)

    def _log_lives(self, accounts: Accounts) -> None:
        """For whoever has to find out what happened."""
        for flow_run, life in self._jobs.lives.items():
            self._log(f"{flow_run} {life.job}: {life.asked_at:.3f} {life.kills} {life.ended_at} {life.state}")
        for call in accounts.unexplained:
            self._log(f"{call} lost")

    def _log(self, line: str) -> None:
        with (self._place.folder / "logs" / "harm").open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")


def width(study: Study) -> int:
    """How many calls a run of `study` has in flight at most: its widest arm, at each of its targets."""
    return len(study.targets) * max(arm.concurrency or study.concurrency for arm in study.arms)
