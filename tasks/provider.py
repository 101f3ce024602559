"""One endpoint, asked through the openai SDK: the one place that imports it. Answers are kept as they were received."""

import asyncio
import datetime as dt
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from ipaddress import ip_address
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

import aiohttp
import httpx2
import openai

from tasks.core.endpoints import Endpoint
from tasks.core.prices import CHARACTERS_PER_TOKEN
from tasks.core.recording import SECRET_HEADERS
from tasks.limits import Brake, Pace
from tasks.retries import NO_RESPONSE, Retries, asked_wait_s, is_retried

NO_KEY = "no-key-needed"
# Shorter than this is a placeholder, and might stand anywhere.
SHORTEST_SECRET = 8
# Servers commonly close an idle connection after 5 s; one that is closed while we send looks like a dropped call.
KEEP_ALIVE_S = 4.0
ERROR_CHARACTERS = 500
# Secrets, and what describes the connection or the encoding of bytes that are already decoded, instead of the answer.
DROPPED_HEADERS = SECRET_HEADERS | {
    *("www-authenticate", "proxy-authenticate", "connection", "keep-alive", "transfer-encoding", "te", "trailer"),
    *("upgrade", "vary", "content-encoding", "content-length", "alt-svc", "strict-transport-security"),
    *("x-content-type-options", "access-control-expose-headers", "access-control-allow-origin"),
}
REFUSALS = frozenset({401, 403, 404})
# OpenAI says 429 to an account without credit; no wait mends that.
OUT_OF_CREDIT = "insufficient_quota"
# aiohttp's and the system's own errors pass through the SDK where its transport does not know them.
NO_RESPONSE_ERRORS = (openai.APIConnectionError, httpx2.HTTPError, aiohttp.ClientError, OSError)


@dataclass(frozen=True, slots=True)
class Answer:
    """How one call ended. `requested_at` and `latency_s` are of its last attempt, without the waits before it."""

    status: int
    """The HTTP status; 0 where no whole response came."""
    body: str | None
    """A success's body as received; None for a failure."""
    headers: dict[str, str]
    """The response's headers with lower-case names, but for secrets and the connection's own."""
    error: str | None
    """Why the call failed, in one line. Beside a body: what is wrong with its bytes, or that it is an error itself."""
    attempts: int
    latency_s: float
    requested_at: dt.datetime

    @property
    def is_refusal(self) -> bool:
        """Whether every further call to this target would fail the same way."""
        return self.status in REFUSALS or self.is_out_of_credit

    @property
    def is_out_of_credit(self) -> bool:
        """Whether the account has nothing left to spend."""
        return self.status == 429 and OUT_OF_CREDIT in (self.error or "")


class Provider:
    """One client, one pace and one retry layer for all that is asked of one endpoint, in one event loop."""

    def __init__(
        self, endpoint: Endpoint, key: str | None, *, day: dt.date, concurrency: int, retries: Retries | None = None
    ) -> None:
        self.endpoint = endpoint
        self._secrets = _spellings(key) if key and len(key) >= SHORTEST_SECRET else ()
        self._pace = Pace(endpoint)
        self._retries = retries or Retries()
        self._client = _client(endpoint, key or NO_KEY, day, concurrency)
        self._turn = asyncio.Lock()

    async def ask(self, model: str, request: bytes, tokens: int, brake: Brake) -> Answer | None:
        """Send a request of about so many tokens until it is answered or given up; None if the brake left it unsent."""
        return await self._ask(self._url(model, "chat/completions"), request, tokens, brake)

    async def embed(self, model: str, texts: Sequence[str], brake: Brake) -> Answer | None:
        """Ask for the embeddings of some texts at once, in the same way."""
        request = json.dumps({"model": model, "input": list(texts), "encoding_format": "float"}).encode()
        tokens = sum(len(text) // CHARACTERS_PER_TOKEN + 1 for text in texts)
        return await self._ask(self._url(model, "embeddings"), request, tokens, brake)

    async def _ask(self, url: str, request: bytes, tokens: int, brake: Brake) -> Answer | None:
        answer = None
        for attempt in range(1, self._retries.attempts + 1):
            await self._pace.keep(tokens, brake)
            if brake.is_pulled:
                break
            answer = await self._attempt(url, request, attempt)
            if not is_retried(answer.status) or answer.is_out_of_credit or attempt == self._retries.attempts:
                break
            asked_s = asked_wait_s(answer.headers, dt.datetime.now(dt.UTC))
            await brake.wait_for(asyncio.sleep(self._retries.wait_s(attempt, asked_s)))
        return answer

    def _url(self, model: str, route: str) -> str:
        """The whole address: the SDK would put a path together with its base anew for every call."""
        deployment = f"deployments/{quote(model, safe='')}/" if self.endpoint.kind == "azure" else ""
        return f"{self._client.base_url}{deployment}{route}"

    async def _attempt(self, url: str, request: bytes, attempt: int) -> Answer:
        await self._take_turn()
        requested_at, start = dt.datetime.now(dt.UTC), time.perf_counter()
        response, error = None, None
        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                response = await self._client.post(url, cast_to=httpx2.Response, content=request)
        except openai.APIStatusError as refused:
            response = refused.response
            words = response.text.strip() or _unsaid(response.status_code)
            error = self._one_line(f"HTTP {response.status_code}: {words}")
        except NO_RESPONSE_ERRORS as dropped:
            error = self._no_response(dropped)
        latency_s = time.perf_counter() - start
        status, headers, body = NO_RESPONSE, {}, None
        if response is not None:
            status, headers = response.status_code, self._headers(response.headers)
        if response is not None and error is None:
            text, error = _text(response.content)
            body = self._clean(text)
            if error is None and _is_error(body):
                error = self._one_line(f"HTTP {status}, and yet an error: {body}")
        return Answer(status, body, headers, error, attempt, latency_s, requested_at)

    async def _take_turn(self) -> None:
        """One request a round of the event loop.

        Answers that arrive together would otherwise all be processed before the first of the next requests leaves
        (aiohttp writes a body in a task of its own): bursts would stay bursts, and the waiting would count as latency.
        """
        async with self._turn:
            await asyncio.sleep(0)

    def _no_response(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"No whole answer within {self.endpoint.timeout_s:g} s."
        # The SDK says "Connection error."; what happened is in its cause.
        cause = error.__cause__ or error
        return self._one_line(f"No whole answer: {type(cause).__name__}: {cause}")

    def _one_line(self, text: str) -> str:
        # Cut after the key is out: half a key would pass.
        return _printable(" ".join(self._clean(text).split())[:ERROR_CHARACTERS])[:ERROR_CHARACTERS]

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in headers.items() if name not in DROPPED_HEADERS}
        return {name: value for name, value in kept.items() if not any(one in value for one in self._secrets)}

    def _clean(self, text: str) -> str:
        # A server that says the key back must not bring it into a warehouse.
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()


def _spellings(key: str) -> tuple[str, ...]:
    """The ways in which a server may say a key back: as it is, in a JSON string, in an address, in a page. Most are one."""
    in_json = json.dumps(key)[1:-1]
    every = (
        key,
        in_json,
        in_json.replace("/", "\\/"),
        quote(key),
        quote(key, safe=""),
        escape(key),
        escape(key, quote=False),
    )
    return tuple(sorted(set(every), key=len, reverse=True))


def _printable(text: str) -> str:
    """Text that does nothing to a terminal: what cannot be seen, or turns its surroundings about, is written as a code."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _unsaid(status: int) -> str:
    if 300 <= status < 400:
        return "it sends elsewhere, and that is not followed: check base_url in endpoints.toml."
    return "without a word."


def _is_error(body: str) -> bool:
    """Whether a success says that it is none, as routers do that passed a provider's error on."""
    return '"error"' in body and '"choices"' not in body and '"data"' not in body


def _text(body: bytes) -> tuple[str, str | None]:
    try:
        return body.decode(), None
    except UnicodeDecodeError as error:
        problem = f"The body is not UTF-8 (at byte {error.start}): U+FFFD stands for what is not."
        return body.decode(errors="replace"), problem


def _client(endpoint: Endpoint, key: str, day: dt.date, concurrency: int) -> openai.AsyncOpenAI:
    http = openai.DefaultAioHttpClient(
        limits=httpx2.Limits(max_connections=concurrency, keepalive_expiry=KEEP_ALIVE_S),
        # A redirect could carry the request to another host: it is a failure, which says so.
        follow_redirects=False,
        # A proxy of the environment cannot reach this machine's own servers.
        trust_env=not _is_loopback(endpoint.base_url),
    )
    headers = {"x-flipbook-day": day.isoformat()} if endpoint.is_simulated else None
    if endpoint.kind == "azure":
        return openai.AsyncAzureOpenAI(
            azure_endpoint=endpoint.base_url.rstrip("/").removesuffix("/openai"),
            api_version=endpoint.api_version,
            api_key=key,
            max_retries=0,
            timeout=None,
            http_client=http,
        )
    return openai.AsyncOpenAI(
        base_url=endpoint.base_url, api_key=key, max_retries=0, timeout=None, default_headers=headers, http_client=http
    )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
