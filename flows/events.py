"""What operators are told: Prefect events with a name, a sentence, figures and a link. None of them ever fails a run.

docs/operate.md lists names and payloads; automations/ turns them into messages.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from prefect.client.orchestration import get_client
from prefect.events import Event, RelatedResource
from prefect.events.related import related_resources_from_run_context

from flows.landing import Result
from flows.reporting import say
from tasks.announce import Row, keep_told, new_changes, run_named
from tasks.core.runs import Run
from tasks.render import address_of_day
from tasks.settings import Settings
from tasks.shared_limit import has_shared_server

CHANGE_DETECTED = "flipbook.change.detected"
EXPECTATION_FAILED = "flipbook.expectation.failed"
RUN_STOPPED = "flipbook.run.stopped"
DAY_MISSED = "flipbook.day.missed"
# An event is a message, and no table: the page has the rest.
MOST_SERIES = 50


async def tell_changes(settings: Settings, studies: Iterable[str], newest: dt.date) -> None:
    """One event for each study and day whose changes nobody was told of yet. Told, they are kept as such."""
    if not has_shared_server():
        return
    try:
        changes = new_changes(settings, set(studies), newest)
        for (study, day), rows in groupby(changes, lambda row: (row["study"], row["day"])):
            await _tell_change(settings, study, day, list(rows))
    except Exception as error:  # whatever it is: the run has landed, and the next one tells
        say(f"Nobody was told of changes: {type(error).__name__}: {error}")


async def _tell_change(settings: Settings, study: str, day: dt.date, rows: Sequence[Row]) -> None:
    simulated = "Simulated: " if all(row["is_simulated"] for row in rows) else ""
    told = await _tell(
        settings,
        CHANGE_DETECTED,
        study,
        day,
        f"{simulated}{study}, {day}: {_what_changed(rows)}.",
        identity=[f"{row['endpoint']} {row['model']} {row['arm']} {row['prompt']}" for row in rows],
        is_simulated=bool(simulated),
        reason=", ".join(dict.fromkeys(row["reason"] for row in rows)),
        series_changed=len(rows),
        series=[{name: _plain(value) for name, value in row.items()} for row in rows[:MOST_SERIES]],
    )
    if told:
        keep_told(settings, rows, str(told), dt.datetime.now(dt.UTC))


def _what_changed(rows: Sequence[Row]) -> str:
    """Each model once, with how many of its series changed and why."""
    clauses = []
    for (endpoint, model), group in groupby(rows, lambda row: (row["endpoint"], row["model"])):
        series = list(group)
        count = f" in {len(series)} series" if len(series) > 1 else ""
        clauses.append(
            f"{model} at {endpoint} changed{count} ({', '.join(dict.fromkeys(one['reason'] for one in series))})"
        )
    return "; ".join(clauses)


async def tell_broken(settings: Settings, landed: Result) -> None:
    """One event for each run that failed critical expectations, and is therefore in no figure."""
    broken = [judgement for judgement in landed.broken if judgement.severity == "critical"]
    for run_id in dict.fromkeys(judgement.run_id for judgement in broken):
        failed = [judgement for judgement in broken if judgement.run_id == run_id]
        found = " ".join(judgement.observed for judgement in failed)
        try:
            run = run_named(settings, run_id)
        except Exception as error:  # as above
            say(f"Nobody was told of run {run_id}: {type(error).__name__}: {error}")
            continue
        await _tell(
            settings,
            EXPECTATION_FAILED,
            run["study"],
            run["day"],
            f"{run['study']}, {run['day'] or 'imported'}: this run is in no figure. {found}",
            identity=[run_id],
            run_id=run_id,
            expectations=[
                {"expectation": one.expectation, "observed": one.observed, "unexpected_count": one.unexpected_count}
                for one in failed
            ],
        )


async def tell_stopped(settings: Settings, run: Run, failed: int = 0) -> None:
    """An event where a run ended before its plan did, or where no call was answered."""
    attempted = run.attempted or 0
    is_answered = failed < attempted
    if run.state == "complete" and (is_answered or not attempted):
        return
    reason = run.reason or "no call was answered"
    await _tell(
        settings,
        RUN_STOPPED,
        run.study,
        run.day,
        f"{run.study}, {run.day}: {attempted:,} of {run.planned or 0:,} calls made, {failed:,} failed: {reason.rstrip('.')}.",
        identity=[run.run_id],
        run_id=run.run_id,
        reason=reason,
        planned=run.planned,
        attempted=attempted,
        failed=failed,
    )


async def tell_missed(settings: Settings, study: str, scheduled_at: dt.datetime, reason: str) -> None:
    """An event where a scheduled run began after its day was over."""
    day = scheduled_at.astimezone(dt.UTC).date()
    await _tell(
        settings,
        DAY_MISSED,
        study,
        day,
        f"{study}, {day}: not sampled. {reason}",
        identity=[],
        reason=reason,
        scheduled_at=scheduled_at.isoformat(),
    )


async def _tell(
    settings: Settings,
    name: str,
    study: str,
    day: dt.date | None,
    message: str,
    *,
    identity: Sequence[str],
    **figures: object,
) -> UUID | None:
    """Send one event; its id, once the server has it. The same news has the same id."""
    if not has_shared_server():
        return None
    said = {"message": _harmless(message), "study": study, "day": str(day) if day else None}
    try:
        async with get_client() as client:
            event = Event(
                event=name,
                resource={"prefect.resource.id": f"flipbook.study.{study}", "prefect.resource.name": study},
                related=[*await related_resources_from_run_context(client), *_STUDY],
                payload={**said, "link": address_of_day(settings, study, day), **figures},
                id=uuid5(NAMESPACE_URL, "\x1f".join([name, study, str(day), *identity])),
            )
            # By HTTP, which answers: what Prefect sends in the background may be lost without a word.
            await client.request("POST", "/events", json=[event.model_dump(mode="json")])
    except Exception as error:  # a run is worth more than what is said of it
        say(f"Nobody was told ({message}): {type(error).__name__}.")
        return None
    return event.id


_STUDY = [RelatedResource({"prefect.resource.id": "prefect.tag.flipbook", "prefect.resource.role": "tag"})]


def _plain(value: Any) -> object:
    return value if isinstance(value, int | float | str | None) else str(value)


def _harmless(text: str) -> str:
    """Names come from outside: in a chat, none of them may become a mention or a link."""
    return text.replace("<", "(").replace(">", ")")
