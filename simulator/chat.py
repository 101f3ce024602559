"""One chat completion from request to response: read it, meet a fault or none, answer."""

import asyncio
import datetime as dt
import math
from collections import Counter
from dataclasses import dataclass

from aiohttp import web
from multidict import CIMultiDict

from simulator import wire
from simulator.asked import Asked, read_chat
from simulator.batches import Batches
from simulator.counts import Counts
from simulator.faults import ERROR_PAGE, SPOILT, STATUSES, Faults, spoil
from simulator.ledger import STARTED, WHOLE, Event, Ledger
from simulator.models import Model
from simulator.oracle import Oracle
from simulator.refusals import RefusedError, refuse_beyond_reasoning, unknown_model
from simulator.settings import Settings
from simulator.wire import Dialect

DAY_HEADER = "x-flipbook-day"
FAULT_HEADER = "x-flipbook-fault"
# Bodies of repeated requests are read once; beyond so many different ones that memory starts anew.
KNOWN_BODIES = 4096
HANG_S = 3600


@dataclass(frozen=True, slots=True)
class Call:
    """One request that is in order, and the fault that it meets."""

    request: web.Request
    dialect: Dialect
    asked: Asked
    model: Model
    day: dt.date
    fault: str | None
    headers: CIMultiDict[str]


class Chat:
    """Answers chat completions in both dialects."""

    def __init__(self, settings: Settings, oracle: Oracle, counts: Counts) -> None:
        self._settings = settings
        self._oracle = oracle
        self._counts = counts
        self.faults = Faults(settings.seed, settings.fault_rates, dict(settings.first_faults))
        self._ledger = Ledger(settings.ledger) if settings.ledger else None
        self._batches = Batches()
        self._attempts: Counter[tuple[dt.date, str]] = Counter()
        self._known: dict[tuple[str | None, bytes], Asked] = {}

    async def answer(self, request: web.Request, dialect: Dialect, deployment: str | None = None) -> web.StreamResponse:
        """The response to one request, or what a fault makes of it. Raises BadRequestError and RefusedError."""
        self._counts.requests += 1
        call = self._call(request, await request.read(), dialect, deployment)
        if seconds := self._seconds(call.fault):
            await asyncio.sleep(seconds)
        match call.fault:
            case "timeout" | "drop":
                return await _silent(call)
            case "html":
                return await self._sent(call, _page(call))
            case status if status in STATUSES:
                return self._error(call, status)
        body = self._body(call, await self._batches.joined(call.model))
        match call.fault:
            case "cut":
                self._note(call, STARTED)
                return await _cut(call, body)
            case "bad-json":
                return await self._sent(call, web.Response(body=body[: len(body) // 2], headers=call.headers))
        return await self._sent(call, web.Response(body=body, headers=call.headers))

    def _call(self, request: web.Request, raw: bytes, dialect: Dialect, deployment: str | None) -> Call:
        asked = self._asked(raw, deployment)
        model = self._oracle.model(asked.model)
        if model is None:
            raise unknown_model(asked.model)
        if model.is_reasoning:
            refuse_beyond_reasoning(asked, dialect)
        day = _day(request)
        fault = self._fault(request, asked, day)
        headers = wire.headers(dialect, self._counts.requests, asked.prompt_tokens, self._seconds(fault))
        return Call(request, dialect, asked, model, day, fault, headers)

    def _asked(self, raw: bytes, deployment: str | None) -> Asked:
        asked = self._known.get((deployment, raw))
        if asked is None:
            if len(self._known) >= KNOWN_BODIES:
                self._known.clear()
            asked = self._known[deployment, raw] = read_chat(raw, deployment)
        return asked

    def _fault(self, request: web.Request, asked: Asked, day: dt.date) -> str | None:
        self._attempts[day, asked.request_id] += 1
        attempt = self._attempts[day, asked.request_id]
        fault = self.faults.met(request.headers.get(FAULT_HEADER), day, asked.request_id, attempt)
        if fault is not None:
            self._counts.faults[fault] += 1
        return fault

    def _seconds(self, fault: str | None) -> float:
        return self._settings.latency_s + (self._settings.slow_s if fault == "latency" else 0.0)

    async def _sent(self, call: Call, response: web.Response) -> web.Response:
        """The response; with a ledger it is sent here, because only that tells whether it went out whole."""
        if self._ledger is None:
            return response
        self._note(call, STARTED)
        try:
            await response.prepare(call.request)
            await response.write_eof()
        except ConnectionError:
            # Whoever asked is gone.
            return response
        self._note(call, WHOLE)
        return response

    def _note(self, call: Call, event: Event) -> None:
        if self._ledger is not None:
            call_id = call.headers.get("x-request-id") or call.headers.get("apim-request-id")
            self._ledger.note(
                event,
                call=call_id,
                day=call.day.isoformat(),
                model=call.asked.model,
                request_id=call.asked.request_id,
                fault=call.fault,
            )

    def _error(self, call: Call, status: str) -> web.Response:
        kind, code = STATUSES[status]
        body = wire.error_body(f"Simulated fault: {status}.", kind, None, code)
        if status == "429":
            seconds = self._settings.retry_after_s
            call.headers["retry-after"] = str(math.ceil(seconds))
            call.headers["retry-after-ms"] = str(round(1000 * seconds))
        return web.Response(status=int(status), body=body, headers=call.headers)

    def _body(self, call: Call, batch: int | None) -> bytes:
        # What is cut is not an answer: the next one is what this would have been.
        is_whole = call.fault not in ("cut", "bad-json")
        answer = self._oracle.answer if is_whole else self._oracle.peek
        completion_id = wire.new_id()
        body = wire.completed(completion_id, answer(call.model, call.asked, call.day, call.dialect, batch))
        if not is_whole:
            return body
        if call.fault in SPOILT:
            last_id = self._counts.ids[-1] if self._counts.ids else completion_id
            completion_id = last_id if call.fault == "duplicate-id" else completion_id
            body = spoil(call.fault, body, last_id)
        self._counts.note(call.asked.model, completion_id)
        return body


def _day(request: web.Request) -> dt.date:
    given = request.headers.get(DAY_HEADER)
    if given is None:
        return dt.datetime.now(dt.UTC).date()
    try:
        return dt.date.fromisoformat(given)
    except ValueError as error:
        raise RefusedError(400, f"Header {DAY_HEADER} must be an ISO date such as 2026-03-01.") from error


def _page(call: Call) -> web.Response:
    call.headers["Content-Type"] = "text/html; charset=utf-8"
    return web.Response(body=ERROR_PAGE, headers=call.headers)


async def _silent(call: Call) -> web.Response:
    if call.fault == "timeout":
        await asyncio.sleep(HANG_S)
    _hang_up(call.request)
    return web.Response()


async def _cut(call: Call, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers=call.headers)
    response.content_length = len(body)
    await response.prepare(call.request)
    await response.write(body[: len(body) // 2])
    _hang_up(call.request)
    return response


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()
