"""The one flow: a study is sampled, its answers land, are checked and counted, and its pages are written."""

import datetime as dt
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.artifacts import leave_report, progress_shown
from flows.events import tell_broken, tell_changes, tell_missed, tell_stopped
from flows.landing import land_spools
from flows.reporting import go_on_unread, say
from tasks import catalogue
from tasks.core.endpoints import Endpoint
from tasks.core.errors import DayOverError, FlipbookError, UsageError, WarehouseHeldError
from tasks.core.preflight import endpoints_of, keys_of, sent_to
from tasks.core.schedule import day_of_run
from tasks.core.study import Study
from tasks.judging import judge_ready
from tasks.landed import malformed_samples
from tasks.patterns import refuse_bad_pattern
from tasks.provenance import revision
from tasks.sample import Outcome, sample_study
from tasks.settings import Settings, read_settings
from tasks.spool import RunHeader, Spool, close_past, left_to_land, prune
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
    go_on_unread()
    try:
        settings = read_settings()
        for folder in close_past(settings.spool, dt.datetime.now(dt.UTC).date()):
            await tell_stopped(settings, folder.run)
        scheduled_at = runtime.flow_run.scheduled_start_time
        try:
            plan = planned(settings, study, day, scheduled_at=scheduled_at)
        except DayOverError as late:
            await tell_missed(settings, study.name, scheduled_at, str(late))
            return await _refused(settings, late, pages=pages, name="Too late")
        except UsageError as refusal:
            return await _refused(settings, refusal, pages=pages)
        # The run's lock is kept until it has landed: one that begins meanwhile is another run, and asks for itself.
        with judge_ready(), ExitStack() as held:
            outcome = await _sample(settings, plan, held, new=new)
            await _land(settings, pages=pages)
    except WarehouseHeldError as error:
        return Failed(
            name="Landed later", message=f"{error} The answers are safe in the spool: the next run lands them."
        )
    except FlipbookError as error:
        return Failed(message=str(error))
    try:
        await leave_report(settings, plan.study)
        return _ended(outcome, malformed_samples(settings, outcome.run))
    except FlipbookError as error:
        say(f"{error} The run has landed; nothing more is said of its answers here.")
        return _ended(outcome, 0)


async def _refused(settings: Settings, refusal: UsageError, *, pages: bool, name: str | None = None) -> State:
    """Nothing is sampled, but what others left in the spool lands."""
    try:
        if left_to_land(settings.spool):
            await _land(settings, pages=pages)
    except FlipbookError as error:
        return Failed(name=name, message=f"{refusal} {error}")
    return Failed(name=name, message=str(refusal))


async def _land(settings: Settings, *, pages: bool) -> None:
    landed = land_spools(settings, pages=pages)
    if landed.pages:
        say(f"The report: {landed.pages[0]}")
    await tell_broken(settings, landed)
    if landed.days:
        await tell_changes(settings, landed.studies, max(landed.days))


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


async def _sample(settings: Settings, plan: Plan, held: ExitStack, *, new: bool) -> Outcome:
    """Finish the run of this study and day that was left unfinished; only without one (or with `new`) begin another.

    Its lock goes to `held`.
    """
    prune(settings.spool, settings.spool_keep_days, plan.now.date())
    spool = None if new else Spool.resumable(settings.spool, plan.study, plan.day)
    if spool:
        say(f"Resuming run {spool.header.run_id}.")
    else:
        header = RunHeader.new(plan.study, plan.day, started_at=plan.now, revision=revision())
        spool = Spool.create(settings.spool, header)
        say(f"Run {header.run_id}: {header.planned:,} calls for {plan.day}.")
    held.enter_context(spool)
    if spool.is_finished:
        # It only waits to land.
        return await sample_study(spool, plan.endpoints, environment=os.environ)
    async with progress_shown(plan.study, spool.header.planned) as note:

        def on_progress(progress: Progress) -> None:
            note(progress)
            say(progress.sentence)

        outcome = await sample_study(spool, plan.endpoints, environment=os.environ, on_progress=on_progress)
    await tell_stopped(settings, outcome.run, sum(target.failures for target in outcome.targets))
    return outcome


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
