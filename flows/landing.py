"""Everything after the last response: land, check, aggregate, render. The same for a run and for an import."""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.reporting import say
from flows.stages import stage
from tasks import catalogue
from tasks.aggregate import aggregate_days, rebuild_marts
from tasks.check import check_runs
from tasks.core.errors import UsageError
from tasks.core.expectations import Judgement
from tasks.core.prices import price_rows
from tasks.core.recording import Reject
from tasks.export import copy_marts
from tasks.land import Landing, land_recording, land_spool, restage_all
from tasks.render import render
from tasks.settings import Settings
from tasks.spool import finished_not_landed

MOST_REJECTS_SAID = 10


@dataclass(frozen=True)
class Result:
    """What came of landing: the landings, the expectations that did not hold, and the pages, the index first."""

    landings: tuple[Landing, ...]
    broken: tuple[Judgement, ...]
    pages: tuple[Path, ...]

    def json(self) -> str:
        """For scripts."""
        landed = [
            {
                "source": one.source,
                "new_samples": one.new_samples,
                "rejects": [reject._asdict() for reject in one.rejects],
            }
            for one in self.landings
        ]
        broken = [
            {"severity": one.severity, "expectation": one.expectation, "observed": one.observed} for one in self.broken
        ]
        return json.dumps({"landed": landed, "broken": broken, "pages": [str(page) for page in self.pages]})


def land_spools(settings: Settings, *, pages: bool = True) -> Result:
    """Land every finished spool that has not landed, whoever wrote it. Raises WarehouseHeldError; they stay then."""
    now = dt.datetime.now(dt.UTC)
    folders = finished_not_landed(settings.spool)
    landings = [stage(land_spool, settings, folder.run, folder.sample_files, now) for folder in folders]
    result = _after_landing(settings, landings, now, pages=pages)
    # Last of all: a process that is killed before this lands the same spools again, which changes nothing.
    for folder in folders:
        folder.mark_landed()
    return result


def land_recordings(settings: Settings, files: Iterable[Path]) -> Result:
    """Land recordings from elsewhere. One that cannot be read keeps none of the others out; it is raised at the end."""
    now = dt.datetime.now(dt.UTC)
    landings, unreadable = [], []
    for file in files:
        try:
            landing = stage(land_recording, settings, file, now)
        except UsageError as error:
            unreadable.append(error)
            continue
        say(f"{file}: {landing.new_samples:,} new samples")
        _say_rejects(file, landing.rejects)
        landings.append(landing)
    result = _after_landing(settings, landings, now, pages=True) if landings else None
    if unreadable or result is None:
        raise UsageError(" ".join(str(error) for error in unreadable))
    return result


def rebuild_all(settings: Settings) -> Path:
    """Make everything right of what was received again. Returns the index."""
    restage_all(settings)
    rebuild_marts(settings, price_rows(catalogue.endpoints(settings)))
    copy_marts(settings)
    return stage(render, settings)[0]


def _after_landing(settings: Settings, landings: Sequence[Landing], now: dt.datetime, *, pages: bool) -> Result:
    endpoints = catalogue.endpoints(settings)
    days = sorted({day for landing in landings for day in landing.days})
    unjudged = list(dict.fromkeys(run_id for landing in landings for run_id in landing.unjudged))
    azure = [name for name, endpoint in endpoints.items() if endpoint.kind == "azure"]
    judgements = stage(check_runs, settings, unjudged, now, azure) if unjudged else []
    stage(aggregate_days, settings, days, price_rows(endpoints))
    copy_marts(settings, days)
    studies = sorted({study for landing in landings for study in landing.studies})
    written = stage(render, settings, studies, days) if pages else []
    broken = tuple(judgement for judgement in judgements if judgement.success is False)
    for judgement in broken:
        say(f"{judgement.severity}: {judgement.observed}")
    return Result(tuple(landings), broken, tuple(written))


def _say_rejects(file: Path, rejects: Sequence[Reject]) -> None:
    for reject in rejects[:MOST_REJECTS_SAID]:
        say(f"{file}, line {reject.line}: {reject.reason}")
    if len(rejects) > MOST_REJECTS_SAID:
        say(f"{file}: {len(rejects) - MOST_REJECTS_SAID:,} more bad lines are in raw.rejects")
