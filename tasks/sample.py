"""The sampling stage: every call of a run that is still missing, each answer in the spool as soon as it is there."""

import asyncio
import datetime as dt
import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, nullcontext
from dataclasses import dataclass

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal

from tasks.core.endpoints import Endpoint
from tasks.core.preflight import keys_of
from tasks.core.runs import Run
from tasks.core.study import Target
from tasks.embedded import simulator_running
from tasks.limits import Budget
from tasks.provider import Provider
from tasks.spool import RunHeader, Spool
from tasks.target_sampling import OK, Progress, TargetOutcome, TargetSampling

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and each target's part of it."""

    run: Run
    targets: tuple[TargetOutcome, ...]


# No cache: a repeated request is the experiment. No retries: what is missing is asked again by resuming the spool.
@task(task_run_name="{sampling.task_name}", cache_policy=NO_CACHE, retries=0, persist_result=False)
async def sample_target(sampling: TargetSampling) -> TargetOutcome:
    """Sample one target."""
    return await sampling.run()


async def sample_study(
    spool: Spool,
    endpoints: Mapping[str, Endpoint],
    *,
    environment: Mapping[str, str],
    on_progress: OnProgress | None = None,
) -> Outcome:
    """Make the calls that `spool`'s run still lacks, and finish it. Inside a flow, each target is a task run.

    A run that was finished before is left as it is.
    Raises UsageError before anything is sent (an unknown endpoint, a missing key, a budget without a price), and
    SpoolWriteError where the disk is full; then, as after a cancellation, the run is unfinished and can be resumed.
    """
    if spool.is_finished:
        return Outcome(spool.run, tuple(_as_finished(spool, target) for target in spool.header.study.targets))
    study = spool.header.study
    keys = keys_of(study, endpoints, environment)
    async with AsyncExitStack() as stack:
        stack.enter_context(_old_objects_left_alone())
        samplings = await _samplings(stack, spool, endpoints, keys, on_progress)
        targets = await _run_all(samplings, study.deadline_minutes)
    for sampling in samplings:
        if sampling.write_error:
            raise sampling.write_error
    return _finish(spool, targets)


async def _samplings(
    stack: AsyncExitStack,
    spool: Spool,
    endpoints: Mapping[str, Endpoint],
    keys: Mapping[str, str | None],
    on_progress: OnProgress | None,
) -> list[TargetSampling]:
    """Each target's sampling, around what they share: a client and a lock for each endpoint, and the run's budget."""
    study = spool.header.study
    providers = {name: await _open(stack, endpoints[name], key, spool.header) for name, key in keys.items()}
    concurrencies = {arm.concurrency or study.concurrency for arm in study.arms}
    locks = {name: asyncio.Lock() if len(concurrencies) > 1 else nullcontext() for name in keys}
    budget = Budget(study.budget_usd) if study.budget_usd else None
    samplings: list[TargetSampling] = []

    def stop_run(reason: str) -> None:
        for sampling in samplings:
            sampling.brake.pull(reason)

    for target in study.targets:
        samplings.append(
            TargetSampling(
                spool,
                target,
                providers[target.endpoint],
                alone=locks[target.endpoint],
                budget=budget,
                stop_run=stop_run,
                on_progress=on_progress,
            )
        )
    return samplings


@contextmanager
def _old_objects_left_alone() -> Iterator[None]:
    """Keeps the collector off all that is there already: going through it would add 0.1 s to some latencies."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _open(stack: AsyncExitStack, endpoint: Endpoint, key: str | None, header: RunHeader) -> Provider:
    if endpoint.is_simulated:
        stack.enter_context(simulator_running(endpoint.base_url))
    at_once = max(arm.concurrency or header.study.concurrency for arm in header.study.arms)
    targets = sum(target.endpoint == endpoint.name for target in header.study.targets)
    return await stack.enter_async_context(Provider(endpoint, key, day=header.day, concurrency=at_once * targets))


async def _run_all(samplings: list[TargetSampling], deadline_minutes: float | None) -> list[TargetOutcome]:
    """Every target at the same time, in this event loop, so that one client and one pace serve an endpoint."""
    run_target = sample_target if FlowRunContext.get() else sample_target.fn
    deadline = _pull_at_deadline(samplings, deadline_minutes) if deadline_minutes else None
    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(run_target(sampling)) for sampling in samplings]
    except BaseExceptionGroup as raised:
        # Prefect raises it wherever the process is when it is to end, here within tasks, and knows it bare alone: as a
        # group, a run that was cancelled would be one that crashed.
        ended: BaseException | None = raised.subgroup(TerminationSignal)
        while isinstance(ended, BaseExceptionGroup):
            ended = ended.exceptions[0]
        if ended:
            raise ended from None
        raise
    finally:
        if deadline:
            deadline.cancel()
    return [task_.result() for task_ in running]


def _pull_at_deadline(samplings: list[TargetSampling], minutes: float) -> asyncio.TimerHandle:
    def pull() -> None:
        for sampling in samplings:
            sampling.brake.pull(f"stopped at its deadline of {minutes:g} minutes")

    return asyncio.get_running_loop().call_later(minutes * 60, pull)


def _as_finished(spool: Spool, target: Target) -> TargetOutcome:
    """A target's part of a run that was finished by another process."""
    statuses = [sample["status"] for sample in spool.samples(target)]
    planned = spool.header.planned // len(spool.header.study.targets)
    return TargetOutcome(
        target=f"{target.endpoint}/{target.model}",
        planned=planned,
        attempted=len(statuses),
        failures=sum(status != OK for status in statuses),
        ended=spool.run.reason if len(statuses) < planned else None,
    )


def _finish(spool: Spool, targets: list[TargetOutcome]) -> Outcome:
    # A reason that stopped the whole run is said once.
    reasons = dict.fromkeys(target.ended for target in targets if target.ended)
    run = spool.header.run(
        "incomplete" if reasons else "complete",
        " ".join(reasons) or None,
        attempted=sum(target.attempted for target in targets),
        ended_at=dt.datetime.now(dt.UTC),
        source=spool.path.name,
    )
    spool.finish(run)
    return Outcome(run, tuple(targets))
