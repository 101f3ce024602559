"""The header of a run: what it set out to do."""

import datetime as dt
import re
import secrets
from importlib.metadata import version
from platform import python_version
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from tasks.core.plan import series_of_study
from tasks.core.runs import Run, RunState
from tasks.core.study import Study, Target

# What touches an answer between the wire and the spool.
LIBRARIES = ("flipbook", "openai", "aiohttp")


class RunHeader(BaseModel):
    """The plan of one run, written before its first call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    study: Study
    day: dt.date
    configuration_hash: str
    planned: int
    started_at: AwareDatetime
    revision: str | None = None
    versions: dict[str, str] = {}

    @classmethod
    def new(cls, study: Study, day: dt.date, *, started_at: dt.datetime, revision: str | None = None) -> Self:
        """The header of a new run of `study` for `day`. Its id sorts by the time it started, in UTC."""
        started_at = started_at.astimezone(dt.UTC)
        return cls(
            run_id=f"{started_at:%Y%m%dT%H%M%S}-{slug(study.name)}-{secrets.token_hex(3)}",
            study=study,
            day=day,
            configuration_hash=study.configuration_hash,
            planned=study.samples * len(series_of_study(study)),
            started_at=started_at,
            revision=revision,
            versions={"python": python_version()} | {name: version(name) for name in LIBRARIES},
        )

    def is_of(self, study: Study, day: dt.date) -> bool:
        """Whether this run samples that study, as it is configured now, for that day."""
        same_configuration = self.configuration_hash == study.configuration_hash
        return (self.study.name, self.day) == (study.name, day) and same_configuration

    def file_name(self, target: Target) -> str:
        """The name of a target's file in the run's folder. The number tells names apart that look alike as slugs."""
        return f"{self.study.targets.index(target)}-{slug(f'{target.endpoint}-{target.model}')}.ndjson"

    def run(self, state: RunState, reason: str | None, *, attempted: int, ended_at: dt.datetime, source: str) -> Run:
        """The run as it ended."""
        return Run(
            run_id=self.run_id,
            kind="run",
            study=self.study.name,
            day=self.day,
            state=state,
            reason=reason,
            planned=self.planned,
            attempted=attempted,
            started_at=self.started_at,
            ended_at=ended_at,
            configuration=self.study.configuration,
            configuration_hash=self.configuration_hash,
            revision=self.revision,
            versions=self.versions,
            source=source,
        )


def slug(text: str) -> str:
    """`text` as a short part of a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:60]
