"""What holds calls back: an endpoint's pace, a run's budget, and the brake that ends a target."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiolimiter import AsyncLimiter

from tasks.core.endpoints import Endpoint
from tasks.shared_limit import declared_limits, has_shared_server


class Brake:
    """Pulled once, it stops new calls from starting, and ends every wait. It says why."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._pulled = asyncio.Event()

    @property
    def is_pulled(self) -> bool:
        """Whether no more calls start."""
        return self.reason is not None

    def pull(self, reason: str) -> None:
        """Stop; the first reason stays."""
        if self.reason is None:
            self.reason = reason
            self._pulled.set()

    async def wait_for(self, what: Coroutine[Any, Any, None]) -> None:
        """Wait for `what`, or until the brake is pulled, which cancels it."""
        tasks = {asyncio.ensure_future(what), asyncio.ensure_future(self._pulled.wait())}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()


class Pace:
    """Requests and tokens a minute at one endpoint, shared by everything that is sent there.

    By all of this process; and by all workers, where they have a server in common.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._limiters = {
            "requests": _limiter(endpoint.requests_per_minute),
            "tokens": _limiter(endpoint.tokens_per_minute),
        }
        self._shared = declared_limits(endpoint) if has_shared_server() else {}

    async def keep(self, tokens: int, brake: Brake) -> None:
        """Wait for the turn of a call of about so many tokens, or until the brake is pulled."""
        for what, amount in (("requests", 1), ("tokens", tokens)):
            shared, limiter = self._shared.get(what), self._limiters[what]
            if shared and not shared.take_now(amount):
                await brake.wait_for(shared.take(amount))
            if limiter:
                await _take(limiter, amount, brake)


class Budget:
    """The dollars of one run. What calls in flight may cost at most is set aside until they have ended."""

    def __init__(self, cap_usd: float, spent_usd: float = 0) -> None:
        self.cap_usd = cap_usd
        self.spent_usd = spent_usd
        self._set_aside: list[float] = []
        self._call_ended = asyncio.Event()

    async def admits(self, usd: float) -> bool:
        """Set `usd` aside for one call, after waiting for others to make room; False where there is none left."""
        while self.spent_usd + sum(self._set_aside) + usd > self.cap_usd:
            if not self._set_aside:
                return False
            self._call_ended.clear()
            await self._call_ended.wait()
        self._set_aside.append(usd)
        return True

    def settle(self, set_aside_usd: float, spent_usd: float) -> None:
        """A call has ended and cost `spent_usd`."""
        self._set_aside.remove(set_aside_usd)
        self.spent_usd += spent_usd
        self._call_ended.set()


def _limiter(per_minute: float | None) -> AsyncLimiter | None:
    if per_minute is None:
        return None
    # A bucket of one second's worth, or of one call: a minute's would let twice the limit through in its first minute.
    seconds = max(1.0, 60 / per_minute)
    return AsyncLimiter(per_minute * seconds / 60, seconds)


async def _take(limiter: AsyncLimiter, amount: float, brake: Brake) -> None:
    # In portions: one call's tokens may be more than a second's worth.
    while amount > 0 and not brake.is_pulled:
        portion = min(amount, limiter.max_rate)
        if limiter.has_capacity(portion):
            await limiter.acquire(portion)
        else:
            await brake.wait_for(limiter.acquire(portion))
        amount -= portion
