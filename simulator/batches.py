"""Requests that are served together, as on a server of one's own: how many there are is what shapes their numbers."""

import asyncio
from dataclasses import dataclass, field

from simulator.models import Model


@dataclass
class _Batch:
    calls: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)


class Batches:
    """The open batch of each model that serves in batches."""

    def __init__(self) -> None:
        self._open: dict[str, _Batch] = {}

    async def joined(self, model: Model) -> int | None:
        """Wait until a batch is closed, and say how many calls are in it; None at once for a model that has none."""
        if not model.batch_s:
            return None
        batch = self._open.get(model.name)
        if batch is None:
            batch = self._open[model.name] = _Batch()
            # By the loop, not by the call that opened it: that one may be cancelled.
            asyncio.get_running_loop().call_later(model.batch_s, self._close, model.name)
        batch.calls += 1
        await batch.closed.wait()
        return batch.calls

    def _close(self, name: str) -> None:
        self._open.pop(name).closed.set()
