"""What `doctor --ask` finds out: at the simulator and its faults, and at servers of another make."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tasks.core.errors import UsageError
from tasks.core.findings import Finding
from tasks.probing import ask_endpoints
from tasks.settings import Settings

KEY = "sk-0123456789abcdef"

Ask = Callable[..., dict[str, Finding]]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Asks a model at an endpoint; the findings by what was looked at, and what was said before under `said`."""

    def ask(base_url: str, model: str = "gpt-4o", declared: str = "", kind: str = "openai", **environment: str) -> Any:
        (tmp_path / "endpoints.toml").write_text(
            f'[place]\nkind = "{kind}"\nbase_url = "{base_url}"\ntimeout_s = 5\n{declared}\n'
        )
        settings = Settings(endpoints=tmp_path / "endpoints.toml", spool=tmp_path / "spool")
        said: list[str] = []
        found = ask_endpoints(settings, environment, ["place"], model, said.append)
        return {finding.what.removeprefix(f"place/{model}: "): finding for finding in found} | {"said": said}

    return ask


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    """A server of another make, in this loop; its base URL."""
    app = web.Application()
    app.router.add_post("/v1/{route:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def in_thread(ask: Ask, *arguments: Any, **given: Any) -> Any:
    """`ask`, which has a loop of its own."""
    return await asyncio.to_thread(ask, *arguments, **given)


def test_an_endpoint_that_can_do_everything_is_said_so(start_simulator: Callable[..., Any], ask: Ask) -> None:
    """With what it costs before, from its price."""
    price = (
        'prices.gpt-4o = { input_usd_per_million = 2.5, output_usd_per_million = 10, as_of = 2026-01-01, source = "x" }'
    )
    simulator = start_simulator()
    found = ask(simulator.base_url, declared=price, kind="simulator")
    said = found.pop("said")
    assert said == ["Asking 1 model: at most 6 calls and $0.0126.", "place: gpt-4o"]
    assert [finding.what for finding in found.values() if not finding.is_ok] == []
    assert found["logprobs"].found == "20 of the 20 likeliest tokens, sorted"
    assert found["names"].found.startswith("answers as 'gpt-4o-2024-08-06', fingerprint fp_")
    assert found["max_tokens"].found == found["max_completion_tokens"].found == "kept"
    assert found["two identical requests"].found == "got two answers: no cache"
    assert found["place"].found.startswith("reachable, answers in ")
    assert found["place: clock"].found.endswith("agree")
    assert simulator.stats()["requests"] == 6


def test_a_model_that_refuses_is_told_what_to_declare(start_simulator: Callable[..., Any], ask: Ask) -> None:
    """In the provider's words; declared, it is as expected, and what it can do after all is said."""
    base_url = start_simulator().base_url
    found = ask(base_url, "control-reasoning", kind="simulator")
    assert "Unsupported value: 'temperature'" in found["temperature"].found
    assert found["to declare"].found == (
        'under [place.models]: "control-reasoning" = { lacks = ["logprobs", "max_tokens", "temperature"] }'
    )
    lacks = 'models.control-reasoning.lacks = ["logprobs", "max_tokens", "temperature", "seed"]'
    found = ask(base_url, "control-reasoning", lacks, kind="simulator")
    assert "to declare" not in found
    assert found["temperature"].is_ok
    assert found["declared"].found == "declared to lack seed, and it accepts that"


def test_a_cache_is_found(start_simulator: Callable[..., Any], ask: Ask) -> None:
    """Two requests that get one answer's id: nothing that a study says would be true."""
    found = ask(start_simulator("--fault", "duplicate-id=1").base_url, kind="simulator")
    assert not found["two identical requests"].is_ok
    assert "got one answer, chatcmpl-" in found["two identical requests"].found


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no-logprobs", "silently ignored: the answer has none"),
        ("short-list", "of the 20 likeliest tokens"),
        ("sentinel", "a value that is no log-probability"),
    ],
)
def test_odd_lists_are_described(start_simulator: Callable[..., Any], ask: Ask, fault: str, said: str) -> None:
    """As a page would warn of them."""
    found = ask(start_simulator("--fault", f"{fault}=1").base_url, kind="simulator")["logprobs"]
    assert said in found.found
    assert not found.is_ok


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("401=1", "the key is not accepted. HTTP 401"),
        ("404=1", "not answered. HTTP 404"),
        ("500=1", "not answered. HTTP 500"),
        ("drop=1", "not reachable. No whole answer"),
    ],
)
def test_an_endpoint_that_does_not_answer_is_left_alone(
    start_simulator: Callable[..., Any], ask: Ask, fault: str, said: str
) -> None:
    """After its first call, and needs to be looked at."""
    simulator = start_simulator("--fault", fault)
    found = ask(simulator.base_url, declared='key_env = "A_KEY"', A_KEY=KEY)["place/gpt-4o"]
    assert found.found.startswith(said)
    assert (found.is_ok, found.is_needed) == (False, True)
    assert KEY not in found.found
    assert simulator.stats()["requests"] <= 3


async def test_a_server_of_another_make_is_seen_through(ask: Ask) -> None:
    """As llama.cpp's: no ids or fingerprints, 19 entries out of order, limits and models taken no notice of."""

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        if "embeddings" in request.path:
            return web.json_response({"error": "This server does not support embeddings."}, status=501)
        top = [{"token": f"t{i}", "logprob": -2.5 if i == 0 else -1.0 * i} for i in range(19)]
        content = [{"token": "t0", "logprob": -2.0, "top_logprobs": [top[2], top[1], top[0], *top[3:]]}]
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": "one two"},
            "finish_reason": "length" if body.get("max_tokens") == 8 else "stop",
            "logprobs": {"content": content} if body.get("logprobs") else None,
        }
        used = 8 if "max_tokens" in body else 60
        date = {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}
        reply = {"model": "/models/tiny.gguf", "choices": [choice], "usage": {"completion_tokens": used}}
        return web.json_response(reply, headers=date)

    async with serving(answer) as base_url:
        found = await in_thread(ask, base_url, "tiny")
    assert found["names"].found == "answers as '/models/tiny.gguf', no fingerprint"
    assert found["max_tokens"].found == "kept"
    assert found["max_completion_tokens"].found == "silently ignored: 60 tokens came where 32 were allowed"
    assert found["logprobs"].found == (
        "19 of the 20 likeliest tokens, not sorted, the sampled token is not the likeliest"
    )
    assert found["two identical requests"].found == "answers have no id: a cache would not show"
    assert "ahead of the server's" in found["place: clock"].found
    assert "to declare" not in found


async def test_a_server_without_logprobs_or_limits_is_told_to_declare_them(ask: Ask) -> None:
    """Silence counts as lacking where a study would get another thing than it asked for."""

    async def answer(request: web.Request) -> web.Response:
        del request
        choice = {"index": 0, "message": {"content": "one"}, "finish_reason": "stop", "logprobs": None}
        return web.json_response({"id": "1", "choices": [choice], "usage": {"completion_tokens": 99}})

    async with serving(answer) as base_url:
        found = await in_thread(ask, base_url, "tiny")
    assert found["to declare"].found.endswith('"tiny" = { lacks = ["logprobs", "max_tokens"] }')
    assert found["names"].found == "the answer does not name its model, no fingerprint"
    assert "got one answer, 1:" in found["two identical requests"].found


async def test_a_page_instead_of_an_answer_is_not_known(ask: Ask) -> None:
    """HTML, or JSON of another protocol: nothing is claimed."""

    async def answer(request: web.Request) -> web.Response:
        del request
        return web.Response(text="<html>Welcome</html>", content_type="text/html")

    async with serving(answer) as base_url:
        found = await in_thread(ask, base_url, "tiny")
    assert found["seed"].found == "the answer is no answer of this protocol"
    assert not found["seed"].is_ok
    assert "to declare" not in found


def test_wrong_names_are_refused_before_a_call(ask: Ask, tmp_path: Path) -> None:
    """An endpoint that is not declared, a key that is not set, a place without a model."""
    with pytest.raises(UsageError, match="Set A_KEY"):
        ask("http://127.0.0.1:9/v1", declared='key_env = "A_KEY"')
    settings = Settings(endpoints=tmp_path / "endpoints.toml")
    for names, model, said in (
        (["nope"], None, "'nope' is not declared; declared: place"),
        ([], "gpt-4o", "Say at which endpoint"),
        (["place"], None, r"No study names a model at endpoint 'place': say one with --model"),
        ([], None, "There is no model to ask"),
    ):
        with pytest.raises(UsageError, match=said):
            ask_endpoints(settings, {"A_KEY": KEY}, names, model, print)


def test_the_catalogue_says_whom_to_ask(start_simulator: Callable[..., Any], tmp_path: Path) -> None:
    """Every model that a study names there, and the embedding models of those studies."""
    (tmp_path / "endpoints.toml").write_text(
        f'[simulator]\nkind = "simulator"\nbase_url = "{start_simulator().base_url}"\n'
    )
    settings = Settings(endpoints=tmp_path / "endpoints.toml", endpoint="simulator")
    found = ask_endpoints(settings, {}, ["simulator"], None, lambda _: None)
    embedded = [finding.found for finding in found if finding.what == "simulator/gpt-4o: embeddings"]
    assert embedded == ["1536 numbers a text"]
    assert json.dumps([finding.as_dict() for finding in found])
    assert {finding.what.partition(":")[0] for finding in found} > {"simulator/gpt-4o", "simulator/gpt-3.5-turbo"}
