"""Progress in plain words: to the log of a flow run, or to whoever asked for it on the command line."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger

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
