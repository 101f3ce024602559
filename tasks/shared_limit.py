"""A limit that all workers of one server keep together: a global concurrency limit of Prefect's, whose slots decay.

Prefect's own `rate_limit` asks its server once a call, and with each refusal the server forgets what had decayed since
the last: several processes that wait keep each other waiting. So slots are leased for up to a second ahead, some at a
time, and a process asks for them only when a look at the limit, which changes nothing, has shown that they are there.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.client.schemas.responses import GlobalConcurrencyLimitResponse
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound, PrefectException
from prefect.logging import get_logger
from prefect.settings import PREFECT_API_URL

from tasks.core.endpoints import Endpoint

LEASE_S = 1.0
# For so long an answer of the server is waited for, and for so long it is left alone where none came.
ANSWER_S = 5.0
AWAY_S = 30.0
# Processes that wait for the same slots do not come back at the same moment.
JITTER_S = 0.05
LOCKED = 423
# A lease that was used up before its second is followed by a larger one.
GROWTH = 1.25

_logger = get_logger("flipbook.limits")
_is_alone: ContextVar[bool] = ContextVar("is_alone", default=False)


@contextmanager
def alone() -> Iterator[None]:
    """Within this block the server is this process's own: nobody shares a limit with it."""
    token = _is_alone.set(True)
    try:
        yield
    finally:
        _is_alone.reset(token)


def has_shared_server() -> bool:
    """Whether a server is set that other workers may use, too."""
    return bool(PREFECT_API_URL.value()) and not _is_alone.get()


def declared_limits(endpoint: Endpoint) -> dict[str, "SharedLimit"]:
    """The limits that an endpoint's declaration asks for: of `requests`, and of `tokens`."""
    rates = {"requests": endpoint.requests_per_minute, "tokens": endpoint.tokens_per_minute}
    return {what: SharedLimit(f"flipbook-{endpoint.name}-{what}", rate) for what, rate in rates.items() if rate}


class SharedLimit:
    """One limit, as this process shares it. Its slots are those of a second; where it is missing, it is made."""

    def __init__(self, name: str, per_minute: float) -> None:
        self.name = name
        self.slots = max(1, int(per_minute / 60))
        self.decay_per_second = per_minute / 60
        self._turn = asyncio.Lock()
        self._leased = self._waiting = self._used = 0.0
        self._expires_at = self._away_until = 0.0

    @property
    def is_away(self) -> bool:
        """Whether the server did not answer a moment ago, so that the limit holds nothing up."""
        return time.monotonic() < self._away_until

    def take_now(self, amount: float) -> bool:
        """Take `amount` of what is leased already, if nobody waits and there is enough."""
        is_there = not self._turn.locked() and self._leased >= amount and time.monotonic() < self._expires_at
        if is_there:
            self._spend(amount)
        return is_there

    async def take(self, amount: float) -> None:
        """Wait for `amount`. Where the server does not answer, nothing is waited for: each process keeps its own pace."""
        self._waiting += amount
        try:
            async with self._turn:
                await self._take_in_turn(amount)
        finally:
            self._waiting -= amount

    async def _take_in_turn(self, amount: float) -> None:
        while amount > 0 and not self.is_away:
            if time.monotonic() >= self._expires_at:
                self._leased = 0
            portion = min(amount, self._leased)
            self._spend(portion)
            amount -= portion
            if amount > 0:
                await self._lease_or_leave()

    def _spend(self, amount: float) -> None:
        self._leased -= amount
        self._used += amount

    async def _lease_or_leave(self) -> None:
        try:
            await self._lease()
        except (httpx.HTTPError, PrefectException, OSError, RuntimeError):
            self._away_until = time.monotonic() + AWAY_S
            _logger.warning(
                "Prefect's server does not answer: for %g s this process alone keeps %s.", AWAY_S, self.name
            )

    async def _lease(self) -> None:
        """Add slots to those leased: as many as wait, or as the last lease says that a second takes."""
        lasted = time.monotonic() >= self._expires_at
        wanted = round(max(self._waiting, self._used if lasted else self._used * GROWTH + 1, 1))
        async with get_client() as client:
            while True:
                limit = await self._look(client)
                most = min(wanted, limit.limit) if limit.active else wanted
                free = limit.limit - limit.active_slots if limit.active else wanted
                # Half a second's worth: for each single one as it falls free, the server would have no rest.
                enough = max(1, min(most, limit.limit // 2))
                if free >= enough and await self._got(client, min(most, free)):
                    break
                await asyncio.sleep(_until_free(enough - free, limit.slot_decay_per_second))
        self._leased += min(most, free)
        self._used = 0
        self._expires_at = time.monotonic() + LEASE_S

    async def _look(self, client: PrefectClient) -> GlobalConcurrencyLimitResponse:
        async with asyncio.timeout(ANSWER_S):
            try:
                return await client.read_global_concurrency_limit_by_name(self.name)
            except ObjectNotFound:
                await self._create(client)
                return await client.read_global_concurrency_limit_by_name(self.name)

    async def _create(self, client: PrefectClient) -> None:
        """Make the limit on the server, unless another process was faster."""
        made = GlobalConcurrencyLimitCreate(
            name=self.name, limit=self.slots, slot_decay_per_second=self.decay_per_second
        )
        # Of two that make it at the same moment, the server answers the later one with 409, or with 500.
        with suppress(ObjectAlreadyExists, httpx.HTTPStatusError):
            await client.create_global_concurrency_limit(made)

    async def _got(self, client: PrefectClient, slots: int) -> bool:
        """Whether the slots are ours now; another process may have been faster."""
        async with asyncio.timeout(ANSWER_S):
            try:
                await client.increment_concurrency_slots([self.name], slots, "rate_limit")
            except httpx.HTTPStatusError as error:
                if error.response.status_code == LOCKED:
                    return False
                raise
        return True


def _until_free(slots: int, decay_per_second: float) -> float:
    """Seconds until so many more slots have decayed. A limit without decay is an operator's brake: look again soon."""
    wait_s = max(slots, 0) / decay_per_second if decay_per_second else LEASE_S
    return wait_s + random.uniform(0, JITTER_S)
