"""Running the flow from the command line."""

import asyncio
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from prefect.client.schemas.objects import State
from prefect.exceptions import FailedRun

from flows.reporting import Listener, telling
from flows.server import server_running
from flows.study import Plan, study
from tasks.core.plan import series_of_study
from tasks.core.study import Study


@dataclass(frozen=True)
class Ended:
    """How a flow run ended."""

    state: str
    message: str
    is_done: bool


def run_study(sampled: Study, day: dt.date, *, new: bool = False, pages: bool = True, tell: Listener) -> Ended:
    """Run the flow once, here, and wait for it."""
    with telling(tell), server_running():
        state = asyncio.run(_state(sampled, day, new=new, pages=pages))
    return Ended(state.name or state.type.value, state.message or "", state.is_completed())


async def _state(sampled: Study, day: dt.date, *, new: bool, pages: bool) -> State[Any]:
    state = await study(sampled, day=day, new=new, pages=pages, return_state=True)
    # What the flow did not expect is a bug, and worth its traceback.
    result = await state.aresult(raise_on_failure=False)
    if isinstance(result, Exception) and not isinstance(result, FailedRun):
        raise result
    return state


def dry_run_text(plan: Plan) -> str:
    """What would be sent: each series with its calls and its request."""
    lines = [f"{plan.study.name}, {plan.day}: nothing is sent."]
    for series in series_of_study(plan.study):
        _, endpoint, model, arm, prompt = series.key
        calls = f"{plan.study.samples:,} calls to {endpoint}/{model}"
        lines.append(f"{calls}, arm {arm}, prompt {prompt}: {series.request_json}")
    return "\n".join(lines)


def dry_run_json(plan: Plan) -> str:
    """The same, for scripts."""
    series = [
        {**one.key._asdict(), "calls": plan.study.samples, "request": one.body} for one in series_of_study(plan.study)
    ]
    return json.dumps({"day": plan.day.isoformat(), "series": series})
