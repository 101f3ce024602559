"""The drill's days: each is a study to be sampled for a day, asked for again until a run of it has landed whole."""

import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drill.api import Api
from drill.place import Place
from drill.processes import Process, flow_processes
from drill.shelf import Shelf
from tasks.core.study import Study

FIRST_DAY = dt.date(2026, 1, 1)
PAGES_SHARE = 1 / 5
# A run that no process executes after so long is asked about; and is given up, where its worker was killed with it.
ASKED_AFTER_S, ASKED_EVERY_S, GIVEN_UP_AFTER_S = 4, 2, 30
# So long a run waits for a worker, or for the study's slot. What the server scheduled by a clock that was ahead waits longer.
SCHEDULED_S = 60
# Where nobody tells the server that a process is gone, it takes five minutes to find out: an operator who knows is sooner.
UNTOLD_S = 10
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
    kills: list[float] = field(default_factory=list)
    """When a process of it was killed: also the one that sampled, and then the one that looked after it."""
    is_over: bool = False
    state: str | None = None
    """The name of the state that it ended in, as Prefect has it."""
    said_at: float = field(default_factory=time.time)
    is_told: bool = False
    """Whether the server knows that it is over."""

    @property
    def is_living(self) -> bool:
        """Whether a process executes it."""
        return self.process is not None and self.ended_at is None


class Jobs:
    """Keeps so many jobs going, and remembers every life."""

    def __init__(self, place: Place, api: Api, studies: Mapping[str, Study], seed: int, at_once: int) -> None:
        self.lives: dict[str, Life] = {}
        self.complete: set[Job] = set()
        self.jobs: list[Job] = []
        self._place, self._api, self._studies, self._at_once = place, api, studies, at_once
        self._shelf = Shelf(place.settings.spool)
        self._deployments: dict[str, str] = {}
        self._rng = random.Random(f"jobs {seed}")
        self._confirmed: Counter[Job] = Counter()
        self._ask_at = 0.0

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
        if time.monotonic() < self._ask_at:
            return False
        pages = begin and self._rng.random() < PAGES_SHARE
        parameters = {"day": job.day.isoformat(), "pages": pages}
        # A run whose start was not confirmed, because the server was away or slow, is asked for with the same key.
        flow_run = self._api.start(self._deployments[job.study], parameters, f"{job} {self._confirmed[job]}")
        if flow_run is None:
            self._ask_at = time.monotonic() + ASKED_EVERY_S
            return False
        self._confirmed[job] += 1
        self.lives.setdefault(flow_run, Life(job, time.time()))
        return True

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
            self._settle(flow_run, life)

    def _settle(self, flow_run: str, life: Life) -> None:
        if state := self._api.state(flow_run):
            kind, life.state = state
            life.is_told = kind in FINAL
            if not life.is_told:
                self._api.crash(flow_run, "Its process is gone, or never came.")

    def _look(self) -> None:
        living, now = flow_processes(self._place.token), time.time()
        for flow_run, process in living.items():
            if flow_run not in self.lives:
                # Its start was not confirmed, because the server was killed in that moment.
                if (parameters := self._api.parameters(flow_run)) is None:
                    continue
                self.lives[flow_run] = Life(_job(parameters), now)
            life = self.lives[flow_run]
            life.process, life.ended_at, life.is_over, life.is_told = process, None, False, False
        for flow_run, life in self.lives.items():
            if life.is_living and flow_run not in living:
                life.ended_at, life.is_over = now, True
            elif life.process is None and not life.is_over:
                self._ask_about(flow_run, life, now)
            elif life.is_over and not life.is_told:
                self._tell(flow_run, life, now)

    def _tell(self, flow_run: str, life: Life, now: float) -> None:
        """Say of a run whose process is gone that it crashed, unless the server has heard of its end from others."""
        if now - (life.ended_at or 0) < UNTOLD_S or now - life.said_at < ASKED_EVERY_S:
            return
        life.said_at = now
        self._settle(flow_run, life)

    def _ask_about(self, flow_run: str, life: Life, now: float) -> None:
        age_s = now - life.asked_at
        if age_s < ASKED_AFTER_S or now - life.said_at < ASKED_EVERY_S:
            return
        life.said_at = now
        if state := self._api.state(flow_run):
            kind, _ = state
            life.is_over = kind in FINAL or age_s > (SCHEDULED_S if kind == "SCHEDULED" else GIVEN_UP_AFTER_S)


def _job(parameters: Mapping[str, Any]) -> Job:
    return Job(dt.date.fromisoformat(parameters["day"]), parameters["study"]["name"])
