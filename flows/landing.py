"""Everything after the last response: land, embed, check, aggregate, render. An import does the same, but never calls out."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.reporting import say
from flows.stages import stage
from tasks import catalogue
from tasks.aggregate import aggregate_days, rebuild_marts
from tasks.check import check_runs
from tasks.core.errors import FlipbookError, UsageError, WarehouseHeldError
from tasks.core.expectations import Judgement
from tasks.core.prices import price_rows
from tasks.export import copy_marts
from tasks.judging import Judging, judge
from tasks.land import land_recording, land_spool, restage_all
from tasks.landed import Landing, left_behind
from tasks.patterns import catalogue_patterns
from tasks.render import get_ready, render
from tasks.settings import Settings
from tasks.spool import Folder, left_to_land

MOST_REJECTS_SAID = 10


@dataclass(frozen=True)
class Result:
    """What came of landing: the landings, the expectations that did not hold, and the pages, the index first.

    And the studies and days that were counted, also those of runs that landed before and were left behind.
    """

    landings: tuple[Landing, ...]
    broken: tuple[Judgement, ...]
    pages: tuple[Path, ...]
    studies: tuple[str, ...] = ()
    days: tuple[dt.date, ...] = ()

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
    """Land every finished spool that has not landed, whoever wrote it; not one that its own process is about to land.

    One that cannot land stays, holds up none of the others, and is raised at the end. Raises WarehouseHeldError: then
    all of them stay.
    """
    now = dt.datetime.now(dt.UTC)
    folders = left_to_land(settings.spool)
    landings, landed, ends, problems = [], [], [], []
    with judge() as judging:
        if folders:
            # It gets ready on another core while these land.
            judging.start()
        for folder in folders:
            try:
                end = folder.run
                landings.append(stage(land_spool, settings, end, folder.sample_files, now))
            except WarehouseHeldError:
                raise
            except (FlipbookError, OSError) as error:
                if not folder.path.exists():
                    # Another process has landed it, and removed it since.
                    continue
                problems.append(FlipbookError(f"{folder.path} did not land: {error}"))
                continue
            landed.append(folder)
            ends.append(end)
        _embed(settings, landed, landings)
        result = _after_landing(settings, landings, now, judging, pages=pages)
    # Last of all: a process that is killed before this lands the same spools again, which changes nothing.
    for folder, end in zip(landed, ends, strict=True):
        folder.mark_landed(end)
    _raise(problems)
    return result


def land_restored(settings: Settings) -> str | None:
    """Land what waits in the spool once a backup is in place, and say so; None where nothing waits. Pages are a rebuild's.

    Raises FlipbookError where not all of it could land: it says that the backup is in place all the same, and what to do.
    """
    waiting = left_to_land(settings.spool)
    if not waiting:
        return None
    try:
        landings = land_spools(settings, pages=False).landings
    except FlipbookError as error:
        left = len(left_to_land(settings.spool))
        raise FlipbookError(
            f"The backup is in place, but {left} of the {len(waiting)} runs that wait in the spool still do: {error} "
            "Once that is mended, the next run of any study lands them. Then: flipbook rebuild."
        ) from error
    new = sum(landing.new_samples for landing in landings)
    return f"Runs that landed from the spool: {len(landings)}, with {new:,} samples that the backup did not have."


def _embed(settings: Settings, folders: Sequence[Folder], landings: Sequence[Landing]) -> None:
    studies = sorted({folder.header.study.name for folder in folders if folder.header.study.embedding_model})
    days = sorted({day for landing in landings for day in landing.days})
    if studies:
        # Here, because it brings the SDK, which everybody else would wait for.
        from tasks.embed import embed_completions

        for sentence in stage(embed_completions, settings, studies, days, catalogue.endpoints(settings)):
            say(sentence)


def land_recordings(settings: Settings, files: Sequence[Path]) -> Result:
    """Land recordings from elsewhere. One without a sample keeps none of the others out; it is raised at the end."""
    now = dt.datetime.now(dt.UTC)
    landings, problems = [], []
    with judge() as judging:
        if any(file.is_file() for file in files):
            judging.start()
        for file in files:
            try:
                landing = stage(land_recording, settings, file, now)
            except WarehouseHeldError:
                raise
            except FlipbookError as error:
                problems.append(error)
                continue
            landings.append(landing)
            _say_landing(file, landing)
            if not landing.days:
                problems.append(FlipbookError(f"{file} has no line that is a sample: all are kept in raw.rejects."))
        result = _after_landing(settings, landings, now, judging, pages=True) if landings else None
    _raise(problems)
    if result is None:
        raise UsageError("There is no recording to land.")
    return result


def rebuild_all(settings: Settings, *, tests: bool = False) -> Path:
    """Make everything right of what was received again; with `tests`, test again, too. Returns the index."""
    if kept := restage_all(settings):
        say(
            f"The answers of {len(kept)} days, {kept[0]} to {kept[-1]}, are archived: what they say is kept as it was read"
        )
    rebuild_marts(settings, price_rows(catalogue.endpoints(settings)), catalogue_patterns(settings), tests=tests)
    copy_marts(settings)
    return stage(render, settings)[0]


def _after_landing(
    settings: Settings, landings: Sequence[Landing], now: dt.datetime, judging: Judging, *, pages: bool
) -> Result:
    try:
        return _count_and_show(settings, landings, now, judging, pages=pages)
    except WarehouseHeldError as error:
        raise FlipbookError(f"{error} What was received has landed: the next run counts it.") from error


def _count_and_show(
    settings: Settings, landings: Sequence[Landing], now: dt.datetime, judging: Judging, *, pages: bool
) -> Result:
    endpoints = catalogue.endpoints(settings)
    azure = [name for name, endpoint in endpoints.items() if endpoint.kind == "azure"]
    known = {run_id for landing in landings for run_id in landing.unjudged}
    touched = [*landings, left_behind(settings, but_not=known)]
    unjudged = list(dict.fromkeys(run_id for landing in touched for run_id in landing.unjudged))
    days = sorted({day for landing in touched for day in landing.days})
    studies = sorted({study for landing in touched for study in landing.studies})
    if pages:
        # The judge does so, too, at the same time.
        get_ready()
    judgements = stage(check_runs, settings, unjudged, now, judging, azure) if unjudged else []
    judging.release()
    made = stage(aggregate_days, settings, days, price_rows(endpoints), catalogue_patterns(settings))
    copy_marts(settings, made)
    written = stage(render, settings, studies, made) if pages else []
    broken = tuple(judgement for judgement in judgements if judgement.success is False)
    for judgement in broken:
        say(f"{judgement.severity}: {judgement.observed}")
    return Result(tuple(landings), broken, tuple(written), tuple(studies), tuple(days))


def _say_landing(file: Path, landing: Landing) -> None:
    say(f"{file}: {landing.new_samples:,} new samples")
    for reject in landing.rejects[:MOST_REJECTS_SAID]:
        say(f"{file}, line {reject.line}: {reject.reason}")
    if len(landing.rejects) > MOST_REJECTS_SAID:
        say(f"{file}: {len(landing.rejects) - MOST_REJECTS_SAID:,} more bad lines are in raw.rejects")


def _raise(problems: Sequence[FlipbookError]) -> None:
    """All in one error: of wrong input, if any is."""
    if problems:
        kind = UsageError if any(isinstance(problem, UsageError) for problem in problems) else FlipbookError
        raise kind(" ".join(map(str, problems)))
