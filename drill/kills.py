"""`kill -9`: whom it meets, what that one was doing, and when."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from drill.database import Database
from drill.jobs import Jobs, Life
from drill.parts import Part
from drill.place import Place
from drill.processes import command, family, kill
from drill.script import Harm, Kind
from tasks.spool import Folder

T = TypeVar("T")

SAMPLING, AT_WAREHOUSE, BETWEEN = "sampling", "at the warehouse", "starting or between"
BETWEEN_SHARE, AIM_S = 0.25, 6.0
AWAY_S = (0.0, 3.0)
JUDGE = "tasks.judge"


class Kills:
    """Kills processes of the system. Each gives a few words on whom it met; None where nobody was there."""

    def __init__(self, place: Place, jobs: Jobs, parts: Mapping[Kind, Sequence[Part]]) -> None:
        """`parts` are those that a kind of harm kills."""
        self._place, self._jobs, self._parts = place, jobs, parts
        self._aimed: dict[Harm, tuple[Life, float]] = {}
        self.of_endpoint: list[float] = []
        """When the endpoint was killed, in seconds since 1970."""

    def one_for(self, kind: Kind) -> Callable[[Harm], str | None] | None:
        """What carries out a kind of harm; None where it is none of these."""
        kills = {
            Kind.FLOW_KILLED: self._flow,
            Kind.JUDGE_KILLED: self._judge,
            Kind.ENDPOINT_KILLED: self._endpoint,
            Kind.DATABASE_STOPPED: self._database_stopped,
        }
        return kills.get(kind, self._part if kind in self._parts else None)

    def busy(self, *doing: str) -> list[Life]:
        """The lives that do one of these; all that live, where none is named."""
        return [life for life in self._jobs.living() if not doing or self._doing(life) in doing]

    def _flow(self, harm: Harm) -> str | None:
        # Most of a short run is starting Python: mostly those are aimed at that have something to lose.
        aims_at_work = harm.strength > BETWEEN_SHARE
        life, at = self._aimed.get(harm, (None, 0.0))
        if life is None or not life.is_living:
            life = picked(harm, self.busy(SAMPLING, AT_WAREHOUSE) if aims_at_work else self.busy())
            # Not at once: all would be killed in the moment in which they begin to sample.
            at = time.monotonic() + harm.pick * AIM_S
            if life is not None:
                self._aimed[harm] = life, at
        if life is None or life.process is None or time.monotonic() < at:
            return None
        doing = self._doing(life)
        kill([life.process.pid])
        life.kills.append(time.time())
        return f"{life.job}, {doing}"

    def _judge(self, harm: Harm) -> str | None:
        judged = [life for life in self._jobs.living() if life.process]
        judges = [(life, pid) for life in judged if life.process for pid in family(life.process.pid)]
        met = picked(harm, [(life, pid) for life, pid in judges if JUDGE in command(pid)])
        if met is None:
            return None
        life, pid = met
        kill([pid])
        return str(life.job)

    def _endpoint(self, harm: Harm) -> str | None:
        if not self.busy(SAMPLING):
            return None
        self.of_endpoint.append(time.time())
        return self._part(harm)

    def _part(self, harm: Harm) -> str | None:
        part = picked(harm, [part for part in self._parts[harm.kind] if part.is_alive])
        if part is None:
            return None
        # A worker's runs go on without it.
        part.kill(with_children=harm.kind is not Kind.WORKER_KILLED)
        part.back_at = time.monotonic() + between(AWAY_S, harm.strength)
        return part.name

    def _database_stopped(self, harm: Harm) -> str | None:
        (database,) = self._parts[harm.kind]
        if not isinstance(database, Database) or not database.is_alive:
            return None
        database.shut_down()
        database.back_at = time.monotonic() + between(AWAY_S, harm.strength)
        return database.name

    def _doing(self, life: Life) -> str:
        """What a run's process does, by the files that it has open."""
        settings = self._place.settings
        try:
            assert life.process is not None
            open_files = [file.readlink() for file in Path(f"/proc/{life.process.pid}/fd").iterdir()]
        except OSError:
            return BETWEEN
        # Its own run it holds until that has landed.
        held = {file.parent for file in open_files if file.is_relative_to(settings.spool)}
        if any(not Folder(path).is_finished for path in held):
            return SAMPLING
        return AT_WAREHOUSE if held or settings.warehouse_file in open_files else BETWEEN


def picked(harm: Harm, victims: Sequence[T]) -> T | None:
    """The one of them that a harm meets."""
    return victims[int(harm.pick * len(victims))] if victims else None


def between(bounds: tuple[float, float], share: float) -> float:
    """The point at `share` of the way from low to high."""
    low, high = bounds
    return low + (high - low) * share
