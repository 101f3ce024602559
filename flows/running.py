"""Running the flow from the command line."""

import asyncio
import datetime as dt
from dataclasses import dataclass
from typing import Any

from prefect.client.schemas.objects import State

from flows.reporting import Listener, telling
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
    with telling(tell):
        state = asyncio.run(_state(sampled, day, new=new, pages=pages))
    return Ended(state.name or state.type.value, state.message or "", state.is_completed())


async def _state(sampled: Study, day: dt.date, *, new: bool, pages: bool) -> State[Any]:
    return await study(sampled, day=day, new=new, pages=pages, return_state=True)


def dry_run_text(plan: Plan) -> str:
    """What would be sent: each series with its calls and its request."""
    lines = [f"{plan.study.name}, {plan.day}: nothing is sent."]
    for series in series_of_study(plan.study):
        _, endpoint, model, arm, prompt = series.key
        lines.append(f"{plan.study.samples:,} × {endpoint}/{model}, arm {arm}, prompt {prompt}: {series.request_json}")
    return "\n".join(lines)
