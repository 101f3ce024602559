"""Progress in plain words: to the log of a flow run, or to whoever asked for it on the command line."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger
from prefect.logging.handlers import PrefectConsoleHandler

Listener = Callable[[str], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def say(*parts: object) -> None:
    """One line of progress; empty parts are left out."""
    line = ", ".join(str(part) for part in parts if part)
    if listener := _listener.get():
        listener(line)
        return
    try:
        get_run_logger().info("%s", line)
    except MissingContextError:
        print(line, file=sys.stderr)


@contextmanager
def telling(listener: Listener) -> Iterator[None]:
    """Within this block, progress goes to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def go_on_unread() -> None:
    """From now on, a run does not end because nobody reads its lines any more: a worker that was killed.

    By default rich, which writes Prefect's lines, ends the process at the first line after that, and with it loses the
    answers that are in flight.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrefectConsoleHandler):
            handler.console.on_broken_pipe = partial(_write_nowhere, handler)  # type: ignore[method-assign]


def _write_nowhere(handler: PrefectConsoleHandler) -> None:
    handler.console.quiet = True
    nowhere = os.open(os.devnull, os.O_WRONLY)
    # What this process starts writes there as well.
    os.dup2(nowhere, handler.stream.fileno())
    os.close(nowhere)
