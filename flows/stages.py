"""Stages as task runs inside a flow, and as plain calls outside one, where no server has to be there."""

import logging
from typing import ParamSpec, TypeVar

from prefect import Task
from prefect.context import FlowRunContext

from tasks.core.errors import FlipbookError

P = ParamSpec("P")
R = TypeVar("R")


def _as_a_sentence(record: logging.LogRecord) -> bool:
    """Prefect logs what a task raises with all of its traceback; of what an operator can mend, the sentence says it."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, FlipbookError):
        record.msg, record.args, record.exc_info = str(error), (), None
    return True


logging.getLogger("prefect.task_runs").addFilter(_as_a_sentence)


def stage(task: Task[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run one stage."""
    call = task if FlowRunContext.get() else task.fn
    return call(*args, **kwargs)
