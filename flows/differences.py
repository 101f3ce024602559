"""What a server has otherwise than prefect.yaml says, in sentences: a deployment overwrites it, so it is told before."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter
from prefect.client.schemas.responses import DeploymentResponse
from pydantic import ValidationError

from tasks.core.study import Study

FLOW = "study"
Entry = Mapping[str, Any]
# Longer than this, a value is not shown, but said to differ.
MOST_SHOWN = 40


def differences(client: SyncPrefectClient, entries: Sequence[Entry]) -> Iterator[str]:
    """A sentence for each thing that differs; none for what is not deployed yet."""
    there = {deployment.name: deployment for deployment in _deployed(client)}
    for entry in entries:
        if deployment := there.pop(entry["name"], None):
            yield from (f"{entry['name']}: {sentence}" for sentence in _of_one(deployment, entry))
    for name in there:
        yield f"{name}: is on the server and not in prefect.yaml. It stays; delete it in the UI."


def _deployed(client: SyncPrefectClient) -> list[DeploymentResponse]:
    return client.read_deployments(flow_filter=FlowFilter.model_validate({"name": {"any_": [FLOW]}}), limit=200)


def _of_one(there: DeploymentResponse, entry: Entry) -> Iterator[str]:
    yield from _schedules(there, entry.get("schedules") or [])
    yield from _parameters(there.parameters, entry["parameters"])
    for what, before, after in (
        ("the limit of runs at once", _limit(there), (entry.get("concurrency_limit") or {}).get("limit")),
        ("the description", there.description or "", entry.get("description") or ""),
        ("the list of tags", sorted(there.tags), sorted(entry.get("tags") or [])),
        ("the work pool", there.work_pool_name, entry["work_pool"]["name"]),
    ):
        if before != after:
            yield _becomes(what, before, after)


def _schedules(there: DeploymentResponse, schedules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    by_slug = {schedule["slug"]: schedule for schedule in schedules}
    # Prefect makes all schedules anew where one has no slug, as those added in its UI have none.
    made_anew = bool(by_slug) and any(schedule.slug is None for schedule in there.schedules)
    for one in there.schedules:
        cron = getattr(one.schedule, "cron", None) or "an interval"
        ours = by_slug.get(one.slug or "")
        if ours is None:
            if made_anew:
                yield f"the schedule {cron!r}, which is not in prefect.yaml, is removed."
            continue
        if cron != ours["cron"]:
            yield _becomes("the schedule", cron, ours["cron"])
        if (timezone := getattr(one.schedule, "timezone", None)) != ours["timezone"]:
            yield _becomes("the schedule's time zone", timezone, ours["timezone"])
        if made_anew and not one.active:
            yield "its schedule is paused on the server, and becomes active: pause it again."


def _parameters(there: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[str]:
    before, after = _study(there.get("study")), _study(ours.get("study"))
    for field in sorted(before.keys() | after.keys()):
        if before.get(field) != after.get(field):
            yield _becomes(f"the study's {field}", before.get(field), after.get(field))
    for name in sorted((there.keys() | ours.keys()) - {"study"}):
        if there.get(name) != ours.get(name):
            yield _becomes(f"the parameter {name}", there.get(name), ours.get(name))


def _study(fields: Any) -> dict[str, Any]:
    """A study with its defaults filled in, so that what is not said and what is said to be so are the same."""
    try:
        return Study.model_validate(fields).model_dump(mode="json")
    except ValidationError:
        return dict(fields) if isinstance(fields, Mapping) else {}


def _limit(there: DeploymentResponse) -> int | None:
    return there.global_concurrency_limit.limit if there.global_concurrency_limit else None


def _becomes(what: str, before: Any, after: Any) -> str:
    shown = [json.dumps(value, ensure_ascii=False, default=str) for value in (before, after)]
    if max(map(len, shown)) > MOST_SHOWN:
        return f"{what} on the server is another, and becomes as prefect.yaml says."
    return f"{what} is {shown[0]} on the server and becomes {shown[1]}, as prefect.yaml says."
