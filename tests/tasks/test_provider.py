"""One call over real HTTP: what is sent, what is kept, what is tried again."""

import asyncio
import datetime as dt
import json
from html import escape
from typing import Any
from urllib.parse import quote

import pytest

from tasks.core.endpoints import Endpoint
from tasks.limits import Brake
from tasks.provider import Answer, Provider
from tasks.retries import Retries, asked_wait_s

DAY = dt.date(2026, 11, 20)
REQUEST = '{"messages":[{"content":"Münze?","role":"user"}],"model":"gpt-4o"}'.encode()
KEY = 'sk-"never-in-a/&warehouse+="'
QUICK = Retries(attempts=4, first_wait_s=0.01, longest_wait_s=0.02)


async def ask(base_url: str, model: str = "gpt-4o", brake: Brake | None = None, **fields: Any) -> Answer | None:
    """One call to an endpoint with these fields."""
    endpoint = Endpoint(name="here", base_url=base_url, **({"timeout_s": 5} | fields))
    async with Provider(endpoint, KEY, day=DAY, concurrency=2, retries=QUICK) as provider:
        return await provider.ask(model, REQUEST, 10, brake or Brake())


async def test_a_body_is_kept_as_received_and_the_request_sent_as_given(scripted: Any, http_reply: Any) -> None:
    """Spaces, order, number formats and any UTF-8 survive; so does what identifies the backend."""
    body = '{"logprob":-1.0e-05,  "text": "Zahl \\u00fc ü 🎲"}\n'.encode()
    headers = ("X-Request-Id: req_1", "cf-ray: abc", "x-ratelimit-remaining-requests: 7", "openai-processing-ms: 3")
    async with scripted(http_reply(200, body, *headers, "set-cookie: a=b", "Connection: close")) as server:
        answer = await ask(server.base_url)
    assert answer is not None
    assert (answer.status, answer.body, answer.error, answer.attempts) == (200, body.decode(), None, 1)
    assert answer.headers == {
        "x-request-id": "req_1",
        "cf-ray": "abc",
        "x-ratelimit-remaining-requests": "7",
        "openai-processing-ms": "3",
    }
    head, _, sent = server.requests[0].partition(b"\r\n\r\n")
    assert sent == REQUEST
    assert head.startswith(b"POST /v1/chat/completions ")
    assert f"authorization: bearer {KEY}" in head.decode().lower()
    assert b"x-flipbook-day" not in head.lower()


async def test_azure_is_asked_at_its_deployment_with_its_version_and_key(scripted: Any, http_reply: Any) -> None:
    """The model names the deployment, and the key travels as `api-key`."""
    async with scripted(http_reply()) as server:
        root = server.base_url.removesuffix("/v1")
        await ask(root, model="my model", kind="azure", api_version="2024-10-21")
    head = server.requests[0].partition(b"\r\n\r\n")[0].decode()
    assert head.startswith("POST /openai/deployments/my%20model/chat/completions?api-version=2024-10-21 ")
    assert f"api-key: {KEY}" in head.lower()


async def test_only_a_simulator_is_told_the_day(scripted: Any, http_reply: Any) -> None:
    """The logical day is a simulator's business."""
    async with scripted(http_reply()) as server:
        await ask(server.base_url, kind="simulator")
    assert b"x-flipbook-day: 2026-11-20" in server.requests[0].lower()


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_what_may_pass_is_tried_again_and_counted(status: int, scripted: Any, http_reply: Any) -> None:
    """Two refusals, then an answer: three attempts."""
    async with scripted(http_reply(status), http_reply(status), http_reply()) as server:
        answer = await ask(server.base_url)
    assert answer is not None
    assert (answer.status, answer.attempts) == (200, 3)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 422])
async def test_what_will_not_pass_is_asked_once(status: int, scripted: Any, http_reply: Any) -> None:
    """A failure without a body, and with the reason that the server gave; a redirect is not followed."""
    async with scripted(http_reply(status, b"because", "location: http://127.0.0.1:9/")) as server:
        answer = await ask(server.base_url)
    assert answer is not None
    assert (answer.status, answer.attempts, answer.body) == (status, 1, None)
    assert answer.error == f"HTTP {status}: because"
    assert len(server.requests) == 1


async def test_an_account_without_credit_is_asked_once(scripted: Any, http_reply: Any) -> None:
    """OpenAI's 429 for it passes only when somebody pays."""
    async with scripted(http_reply(429, b'{"error": {"code": "insufficient_quota"}}')) as server:
        answer = await ask(server.base_url)
    assert answer is not None
    assert answer.attempts == 1
    assert answer.is_refusal


async def test_a_dropped_and_a_cut_answer_are_tried_again(scripted: Any, http_reply: Any) -> None:
    """A body shorter than its length is no answer."""
    cut = http_reply(200, b'{"id": "chat', length=500)
    async with scripted(b"HTTP/1.1 2", cut, http_reply()) as server:
        answer = await ask(server.base_url)
    assert answer is not None
    assert (answer.status, answer.attempts, answer.body) == (200, 3, '{"id": "chatcmpl-1"}')


async def test_a_server_that_never_says_all_is_a_failure_with_status_0(scripted: Any, http_reply: Any) -> None:
    """After the last attempt the call is a failed sample."""
    async with scripted(http_reply(200, b"{", length=500)) as server:
        answer = await ask(server.base_url)
    assert answer is not None
    assert (answer.status, answer.attempts, answer.body) == (0, QUICK.attempts, None)
    assert answer.error is not None
    assert answer.error.startswith("No whole answer: ")


async def test_a_server_that_hangs_is_left_after_the_timeout(scripted: Any, http_reply: Any) -> None:
    """The latency is that of the last attempt, without the wait for the first."""
    async with scripted(b"", http_reply()) as server:
        answer = await ask(server.base_url, timeout_s=1)
    assert answer is not None
    assert (answer.status, answer.attempts) == (200, 2)
    assert answer.latency_s < 1


async def test_a_page_instead_of_json_is_kept_for_others_to_judge(scripted: Any, http_reply: Any) -> None:
    """With status 200 it is an answer, verbatim."""
    async with scripted(http_reply(200, b"<html>Bad Gateway</html>")) as server:
        answer = await ask(server.base_url)
    assert answer is not None
    assert (answer.status, answer.body, answer.error) == (200, "<html>Bad Gateway</html>", None)


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        (
            200,
            b'{"error": {"message": "overloaded"}}',
            'HTTP 200, and yet an error: {"error": {"message": "overloaded"}}',
        ),
        (307, b"", "HTTP 307: it sends elsewhere, and that is not followed: check base_url in endpoints.toml."),
        (418, b" ", "HTTP 418: without a word."),
    ],
)
async def test_an_answer_that_says_nothing_of_use_is_put_into_words(
    status: int, said: bytes, error: str, scripted: Any, http_reply: Any
) -> None:
    """A router's error under a success, a redirect, a bare refusal: one line that says so."""
    async with scripted(http_reply(status, said)) as server:
        answer = await ask(server.base_url)
    assert answer is not None
    assert (answer.status, answer.error) == (status, error)


async def test_bytes_that_are_no_utf8_are_replaced_and_named(scripted: Any, http_reply: Any) -> None:
    """Nothing is lost without a word."""
    async with scripted(http_reply(200, b'{"a": "\xff"}')) as server:
        answer = await ask(server.base_url)
    assert answer is not None
    assert answer.body == '{"a": "�"}'
    assert answer.error is not None
    assert "not UTF-8 (at byte 7)" in answer.error


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_takes_the_key_nowhere(status: int, scripted: Any, http_reply: Any) -> None:
    """A declared host that points elsewhere: the other one hears nothing, and the call is a failure that says so."""
    async with scripted(http_reply()) as elsewhere:
        location = f"location: {elsewhere.base_url}/chat/completions"
        async with scripted(http_reply(status, b"over there", location)) as declared:
            answer = await ask(declared.base_url)
    assert answer is not None
    assert (answer.status, answer.body, answer.error) == (status, None, f"HTTP {status}: over there")
    assert (len(declared.requests), elsewhere.requests) == (1, [])


@pytest.mark.parametrize(
    "model", ["..", "../../x", "//{host}/x", "@{host}", "https://{host}/", "x?y#z", "a\r\nHost: {host}"]
)
async def test_a_models_name_leads_to_no_other_host(model: str, scripted: Any, http_reply: Any) -> None:
    """Azure's address holds it: whatever it is, the declared host is asked."""
    async with scripted(http_reply()) as elsewhere, scripted(http_reply()) as declared:
        host = elsewhere.base_url.removeprefix("http://").removesuffix("/v1")
        root = declared.base_url.removesuffix("/v1")
        await ask(root, model=model.format(host=host), kind="azure", api_version="1")
    head = declared.requests[0].partition(b"\r\n\r\n")[0].decode().lower()
    assert head.startswith("post /openai/")
    assert f"\r\nhost: {root.removeprefix('http://')}\r\n" in head
    assert head.count("\r\nhost:") == 1
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    "said", [KEY, json.dumps(KEY), json.dumps(KEY).replace("/", "\\/"), quote(KEY), quote(KEY, safe=""), escape(KEY)]
)
async def test_a_key_that_a_server_says_back_is_not_kept(said: str, scripted: Any, http_reply: Any) -> None:
    """Neither in the error, nor in a header, nor in a body; as it is, or as JSON, an address or a page writes it."""
    for status in (200, 401):
        async with scripted(
            http_reply(status, f"no such key: {said}".encode(), f"x-echo: {said}", "x-fine: 1")
        ) as server:
            answer = await ask(server.base_url)
        assert answer is not None
        assert "never-in-a" not in repr(answer)
        assert answer.headers == {"x-fine": "1"}


async def test_an_error_does_nothing_to_a_terminal(scripted: Any, http_reply: Any) -> None:
    """What cannot be seen, or turns its surroundings about, is written as a code."""
    async with scripted(http_reply(400, "\x1b[2J\x07 \u202e no\r\nway".encode())) as server:
        answer = await ask(server.base_url)
    assert answer is not None
    assert answer.error == r"HTTP 400: \x1b[2J\x07 \u202e no way"


async def test_no_server_at_all_is_a_failure_with_status_0(unused_tcp_port: int) -> None:
    """A refused connection says so."""
    answer = await ask(f"http://127.0.0.1:{unused_tcp_port}/v1")
    assert answer is not None
    assert (answer.status, answer.attempts) == (0, QUICK.attempts)


async def test_a_pulled_brake_ends_a_long_wait(scripted: Any, http_reply: Any) -> None:
    """What was received so far is the answer; a call that was not sent is none."""
    brake = Brake()
    async with scripted(http_reply(429, b"slow down", "retry-after: 250")) as server:
        asking = asyncio.create_task(ask(server.base_url, brake=brake))
        while not server.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        brake.pull("enough")
        answer = await asking
        assert answer is not None
        assert (answer.status, answer.attempts) == (429, 1)
        assert await ask(server.base_url, brake=brake) is None


def test_a_wait_is_read_from_seconds_milliseconds_or_a_date() -> None:
    """And from nothing else."""
    now = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
    assert asked_wait_s({"retry-after": "2"}, now) == 2
    assert asked_wait_s({"retry-after-ms": "150", "retry-after": "2"}, now) == 0.15
    assert asked_wait_s({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"}, now) == 30
    assert asked_wait_s({"retry-after": "Fri, 20 Nov 2026 11:00:30 GMT"}, now) == 0
    assert asked_wait_s({"retry-after": "soon"}, now) is None
    assert asked_wait_s({}, now) is None


def test_waits_grow_with_jitter_and_honour_what_was_asked() -> None:
    """Doubling from the first to the longest; never less than asked for."""
    retries = Retries(first_wait_s=1, longest_wait_s=4)
    for attempt, longest in ((1, 1), (2, 2), (3, 4), (9, 4)):
        waits = [retries.wait_s(attempt, None) for _ in range(50)]
        assert longest / 2 <= min(waits)
        assert max(waits) <= longest
        assert len(set(waits)) > 1
    assert all(7 <= retries.wait_s(1, 7) <= 8 for _ in range(50))


async def test_requests_keep_to_the_endpoints_pace(scripted: Any, http_reply: Any) -> None:
    """Ten a second at most: after the first ten, ten more take a second."""
    async with scripted(http_reply(200, b"{}", "connection: keep-alive")) as server:
        endpoint = Endpoint(name="here", base_url=server.base_url, requests_per_minute=600, tokens_per_minute=6000)
        async with Provider(endpoint, None, day=DAY, concurrency=40) as provider:
            start = asyncio.get_running_loop().time()
            await asyncio.gather(*(provider.ask("m", REQUEST, 10, Brake()) for _ in range(20)))
            assert asyncio.get_running_loop().time() - start > 0.9
    assert len(server.requests) == 20
    assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2])["model"] == "gpt-4o"
