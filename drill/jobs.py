"""The drill's days: each is a study to be sampled for a day, asked for again until a run of it has landed whole."""

import datetime as dt
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from drill.api import Api
from drill.clock import Clocks
from drill.place import Place
from drill.processes import Process, flow_processes
from drill.shelf import Shelf
from tasks.core.study import Study

FIRST_DAY = dt.date(2026, 1, 1)
JOB = "DRILL_JOB"
PAGES_SHARE, CLOCK_SHARE = 1 / 5, 1 / 2
# A run that no process executes after so long is asked about; and is given up, where its worker was killed with it.
ASKED_AFTER_S, ASKED_EVERY_S, GIVEN_UP_AFTER_S = 4, 2, 25
# How a run ends whose sampling was finished, as far as Prefect was told.
FINISHED = frozenset({"Completed", "Incomplete", "Landed later"})
FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


@dataclass(frozen=True, order=True)
class Job:
    """One study for one day."""

    day: dt.date
    study: str

    def __str__(self) -> str:
        return f"{self.study} {self.day}"


@dataclass
class Life:
    """One flow run of a job, from being asked for to the end of its process. Times in seconds since 1970."""

    job: Job
    asked_at: float
    process: Process | None = None
    ended_at: float | None = None
    killed_at: float | None = None
    is_over: bool = False
    state: str | None = None
    """The name of the state that it ended in, as Prefect has it."""
    said_at: float = field(default_factory=time.time)

    @property
    def is_living(self) -> bool:
        """Whether a process executes it."""
        return self.process is not None and self.ended_at is None

    @property
    def has_finished(self) -> bool:
        """Whether it surely saw the last answer of its run: no process that says so had one in flight."""
        return self.killed_at is None and self.state in FINISHED


class Jobs:
    """Keeps so many jobs going, and remembers every life."""

    def __init__(
        self, place: Place, api: Api, clocks: Clocks, studies: Mapping[str, Study], seed: int, at_once: int
    ) -> None:
        self.lives: dict[str, Life] = {}
        self.complete: set[Job] = set()
        self.jobs: list[Job] = []
        self._place, self._api, self._clocks, self._studies, self._at_once = place, api, clocks, studies, at_once
        self._shelf = Shelf(place.settings.spool)
        self._deployments: dict[str, str] = {}
        self._rng = random.Random(f"jobs {seed}")

    def find_deployments(self) -> bool:
        """Look up the studies' deployments; whether all are there."""
        found = {name: self._api.deployment(name) for name in self._studies}
        self._deployments = {name: identifier for name, identifier in found.items() if identifier}
        return len(self._deployments) == len(self._studies)

    def living(self) -> list[Life]:
        """The lives that a process executes now, in the order in which they were asked for."""
        return [life for life in self.lives.values() if life.is_living]

    def step(self, *, begin: bool) -> None:
        """Look who lives and what is done; ask for what is not; with `begin`, for new days as well."""
        self._look()
        busy = {life.job for life in self.lives.values() if not life.is_over}
        waiting = [job for job in self.jobs if job not in busy and not self._is_done(job)]
        for _ in range(self._at_once - len(busy)):
            if not waiting and not begin:
                return
            job = waiting.pop(0) if waiting else self._next()
            if not self.ask(job, begin=begin):
                return

    def ask(self, job: Job, *, begin: bool = True) -> bool:
        """Ask for a run of `job`; whether the server said yes."""
        if job not in self.jobs:
            self.jobs.append(job)
        environment = {JOB: str(job)}
        if begin and self._clocks.are_there and self._rng.random() < CLOCK_SHARE:
            environment |= self._clocks.environment(f"{len(self.lives)}")
        pages = begin and self._rng.random() < PAGES_SHARE
        parameters = {"day": job.day.isoformat(), "pages": pages}
        flow_run = self._api.start(self._deployments[job.study], parameters, environment)
        if flow_run:
            self.lives.setdefault(flow_run, Life(job, time.time()))
        return flow_run is not None

    def _next(self) -> Job:
        number, names = len(self.jobs), list(self._studies)
        return Job(FIRST_DAY + dt.timedelta(days=number // len(names)), names[number % len(names)])

    @property
    def are_done(self) -> bool:
        """Whether nobody lives, and every job has a whole run that landed and none that did not."""
        return all(life.is_over for life in self.lives.values()) and all(map(self._is_done, self.jobs))

    def _is_done(self, job: Job) -> bool:
        try:
            runs = self._shelf.runs(job.study, job.day)
            # Remembered: a run whose clock is a week ahead removes the folders of what has landed.
            if any(run.is_landed and run.run.state == "complete" for run in runs):
                self.complete.add(job)
        except FileNotFoundError:
            # Removed while we looked: the next look tells.
            return False
        return job in self.complete and all(run.is_landed for run in runs)

    def learn_states(self) -> None:
        """Ask how each life ended, and say of those whose process is gone and that are under way, that they crashed."""
        for flow_run, life in self.lives.items():
            if state := self._api.state(flow_run):
                kind, life.state = state
                if kind not in FINAL:
                    self._api.crash(flow_run, "Its process is gone.")

    def _look(self) -> None:
        living, now = flow_processes(self._place.token), time.time()
        for flow_run, process in living.items():
            # One whose start was not confirmed, because the server was killed in that moment, is known by its environment.
            life = self.lives.setdefault(flow_run, Life(_job(process.environment[JOB]), now))
            life.process, life.ended_at, life.is_over = process, None, False
        for flow_run, life in self.lives.items():
            if life.is_living and flow_run not in living:
                life.ended_at, life.is_over = now, True
            elif life.process is None and not life.is_over:
                self._ask_about(flow_run, life, now)

    def _ask_about(self, flow_run: str, life: Life, now: float) -> None:
        age_s = now - life.asked_at
        if age_s < ASKED_AFTER_S or now - life.said_at < ASKED_EVERY_S:
            return
        life.said_at = now
        if state := self._api.state(flow_run):
            kind, _ = state
            life.is_over = kind in FINAL or (kind != "SCHEDULED" and age_s > GIVEN_UP_AFTER_S)


def _job(text: str) -> Job:
    study, day = text.split()
    return Job(dt.date.fromisoformat(day), study)
