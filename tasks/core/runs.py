"""A run: one spool of a study for one day, or one import."""

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

RunState = Literal["complete", "incomplete"]


class Run(BaseModel):
    """What is known of a run when it lands: one row of raw.runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    kind: Literal["run", "import"]
    study: str
    day: dt.date | None = Field(description="None for an import, whose samples say their own days.")
    state: RunState
    reason: str | None = Field(None, description="Why an incomplete run ended: a sentence.")
    planned: int | None = Field(None, description="Samples planned; None for an import, which has no plan.")
    attempted: int | None = Field(None, description="Samples attempted, failures included.")
    started_at: dt.datetime
    ended_at: dt.datetime
    configuration: str | None = Field(None, description="The study as it ran, as canonical JSON.")
    configuration_hash: str | None = None
    revision: str | None = Field(None, description="The git revision of Flipbook that ran.")
    versions: dict[str, str] = Field(
        default_factory=dict, description="Versions of Python and the libraries that touch an answer."
    )
    source: str | None = Field(None, description="The spool or the file that it landed from.")
