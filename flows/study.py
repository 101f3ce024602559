"""The one flow: a study is sampled, its answers land, are checked and counted, and its pages are written."""

import datetime as dt
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from prefect import flow, runtime
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.landing import land_spools
from flows.reporting import say
from tasks import catalogue
from tasks.core.endpoints import Endpoint
from tasks.core.errors import FlipbookError, UsageError, WarehouseHeldError
from tasks.core.preflight import endpoints_of, keys_of, sent_to
from tasks.core.schedule import day_of_run
from tasks.core.study import Study
from tasks.judging import judge_ready
from tasks.landed import malformed_samples
from tasks.patterns import refuse_bad_pattern
from tasks.provenance import revision
from tasks.render import summary
from tasks.sample import Outcome, sample_study
from tasks.settings import Settings, read_settings
from tasks.spool import RunHeader, Spool, close_past, finished_not_landed, prune
from tasks.target_sampling import Progress


@flow(name="study", flow_run_name="{study.name}", persist_result=False, retries=0)
async def study(study: Study, day: dt.date | None = None, new: bool = False, pages: bool = True) -> State:
    """Sample a study, land its answers, check and count them, and write its pages.

    Args:
        study: What is asked of whom.
        day: The day to sample, at a simulator. Empty: the day of the scheduled start, in UTC.
        new: Begin a new run even where an unfinished one of the same study and day could be resumed.
        pages: Write the pages at the end.
    """
    try:
        settings = read_settings()
        close_past(settings.spool, dt.datetime.now(dt.UTC).date())
        try:
            plan = planned(settings, study, day, scheduled_at=runtime.flow_run.scheduled_start_time)
        except UsageError as refusal:
            return _refused(settings, refusal, pages=pages)
        with judge_ready():
            outcome = await _sample(settings, plan, new=new)
            _land(settings, pages=pages)
    except WarehouseHeldError as error:
        return Failed(
            name="Landed later", message=f"{error} The answers are safe in the spool: the next run lands them."
        )
    except FlipbookError as error:
        return Failed(message=str(error))
    try:
        await _leave_artifact(settings, plan.study)
        return _ended(outcome, malformed_samples(settings, outcome.run))
    except FlipbookError as error:
        say(f"{error} The run has landed; nothing more is said of its answers here.")
        return _ended(outcome, 0)


def _refused(settings: Settings, refusal: UsageError, *, pages: bool) -> State:
    """Nothing is sampled, but what others left in the spool lands."""
    try:
        if finished_not_landed(settings.spool):
            _land(settings, pages=pages)
    except FlipbookError as error:
        return Failed(message=f"{refusal} {error}")
    return Failed(message=str(refusal))


def _land(settings: Settings, *, pages: bool) -> None:
    landed = land_spools(settings, pages=pages)
    if landed.pages:
        say(f"The report: {landed.pages[0]}")


@dataclass(frozen=True)
class Plan:
    """A study that can be sampled: at its endpoints, for its day."""

    study: Study
    day: dt.date
    endpoints: Mapping[str, Endpoint]
    now: dt.datetime


def planned(settings: Settings, study: Study, day: dt.date | None, *, scheduled_at: dt.datetime | None = None) -> Plan:
    """What would be sampled now. Raises UsageError for what can be known to be wrong before the first call."""
    now = dt.datetime.now(dt.UTC)
    study = sent_to(study, settings.endpoint)
    endpoints = catalogue.endpoints(settings)
    asked = endpoints_of(study, endpoints)
    keys_of(study, endpoints, os.environ)
    refuse_bad_pattern(study)
    return Plan(study, day_of_run(day, scheduled_at, now, asked.values()), endpoints, now)


async def _sample(settings: Settings, plan: Plan, *, new: bool) -> Outcome:
    """Finish the run of this study and day that was left unfinished; only without one (or with `new`) begin another."""
    prune(settings.spool, settings.spool_keep_days, plan.now.date())
    spool = None if new else Spool.resumable(settings.spool, plan.study, plan.day)
    if spool:
        say(f"Resuming run {spool.header.run_id}.")
    else:
        header = RunHeader.new(plan.study, plan.day, started_at=plan.now, revision=revision())
        spool = Spool.create(settings.spool, header)
        say(f"Run {header.run_id}: {header.planned:,} calls for {plan.day}.")
    with spool:
        return await sample_study(spool, plan.endpoints, environment=os.environ, on_progress=_say_progress)


def _say_progress(progress: Progress) -> None:
    failures = f"{progress.failures:,} failed" if progress.failures else ""
    say(f"{progress.target}: {progress.done:,} of {progress.planned:,}", failures)


async def _leave_artifact(settings: Settings, study: Study) -> None:
    # Keys of artifacts are lower-case letters, digits and dashes.
    key = re.sub(r"[^a-z0-9]+", "-", f"study-{study.name.lower()}").strip("-")
    await acreate_markdown_artifact(summary(settings, study.name), key=key, description=study.description)


def _ended(outcome: Outcome, malformed: int) -> State:
    run = outcome.run
    attempted, failed = run.attempted or 0, sum(target.failures for target in outcome.targets)
    why = f": {run.reason.rstrip('.')}" if run.reason else ""
    senseless = f", {malformed:,} answered without sense" if malformed else ""
    message = f"{attempted:,} of {run.planned or 0:,} calls made, {failed:,} failed{senseless}{why}."
    if attempted and failed == attempted:
        return Failed(name="No answer", message=message)
    if run.state == "complete":
        return Completed(message=message)
    return Completed(name="Incomplete", message=message)
