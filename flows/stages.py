"""Stages as task runs inside a flow, and as plain calls outside one, where no server has to be there."""

from typing import ParamSpec, TypeVar

from prefect import Task
from prefect.context import FlowRunContext

P = ParamSpec("P")
R = TypeVar("R")


def stage(task: Task[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run one stage."""
    call = task if FlowRunContext.get() else task.fn
    return call(*args, **kwargs)
