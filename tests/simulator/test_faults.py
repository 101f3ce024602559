"""Every kind of fault, as the real SDK meets it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import openai
import pytest
from openai import OpenAI

from simulator.faults import KINDS, STATUSES, Faults

PROJECT = Path(__file__).resolve().parents[2]
COIN: Any = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "Flip a coin. Return Heads or Tails only."}],
    "temperature": 0,
    "max_tokens": 1,
    "logprobs": True,
    "top_logprobs": 20,
}
Start = Callable[..., str]


@pytest.fixture(scope="module")
def client(start_simulator: Start) -> Iterator[OpenAI]:
    """The SDK, without retries of its own, on a simulator whose slowness is short."""
    root = start_simulator("--slow-ms", "20", "--retry-after", "0.25")
    with OpenAI(base_url=f"{root}/v1", api_key="any", max_retries=0, timeout=10) as client:
        yield client


def faulty(client: OpenAI, kind: str, **options: Any) -> Any:
    """The raw response to a call that meets a fault."""
    return client.chat.completions.with_raw_response.create(**COIN, extra_headers={"x-flipbook-fault": kind}, **options)


def body(client: OpenAI, kind: str) -> Any:
    """The JSON of a response that a fault spoilt."""
    return json.loads(faulty(client, kind).text)


@pytest.mark.parametrize("kind", sorted(STATUSES))
def test_a_status_fault_is_that_status(client: OpenAI, kind: str) -> None:
    """With an error body and the mark."""
    with pytest.raises(openai.APIStatusError) as refused:
        faulty(client, kind)
    assert refused.value.status_code == int(kind)
    assert refused.value.response.headers["x-flipbook-simulated"] == "1"


def test_429_says_when_to_come_back(client: OpenAI) -> None:
    """In whole seconds, and in milliseconds as OpenAI does."""
    with pytest.raises(openai.RateLimitError) as refused:
        faulty(client, "429")
    assert (refused.value.response.headers["retry-after"], refused.value.response.headers["retry-after-ms"]) == (
        "1",
        "250",
    )


@pytest.mark.parametrize("kind", ["cut", "drop"])
def test_a_lost_connection_is_one(client: OpenAI, kind: str) -> None:
    """Before the response or in its middle."""
    with pytest.raises(openai.APIConnectionError):
        faulty(client, kind)


def test_a_hanging_call_times_out(client: OpenAI) -> None:
    """At the client, as nothing comes."""
    with pytest.raises(openai.APITimeoutError):
        faulty(client, "timeout", timeout=0.2)


def test_bad_json_is_none(client: OpenAI) -> None:
    """Although status and content type promise it."""
    response = faulty(client, "bad-json")
    assert response.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(response.text)


def test_html_is_a_page_with_status_200(client: OpenAI) -> None:
    """What a gateway in between answers."""
    response = faulty(client, "html")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<html>" in response.text


def test_a_slow_answer_is_an_answer(client: OpenAI) -> None:
    """Its headers say how long it took."""
    response = faulty(client, "latency")
    assert response.parse().choices[0].message.content == "Heads"
    assert response.headers["openai-processing-ms"] == "20"


def test_spoilt_bodies_have_one_thing_wrong(client: OpenAI) -> None:
    """No lists, a sentinel, a short list, a foreign model."""
    assert body(client, "no-logprobs")["choices"][0]["logprobs"] is None
    first = body(client, "sentinel")["choices"][0]["logprobs"]["content"][0]
    assert first["logprob"] == first["top_logprobs"][0]["logprob"] == -9999.0
    assert len(body(client, "short-list")["choices"][0]["logprobs"]["content"][0]["top_logprobs"]) == 10
    assert not body(client, "other-model")["model"].startswith("gpt-4o")


def test_a_duplicate_id_is_the_last_answers(client: OpenAI) -> None:
    """As if somebody had cached it."""
    answered = client.chat.completions.create(**COIN).id
    assert body(client, "duplicate-id")["id"] == answered
    assert client.chat.completions.create(**COIN).id != answered


def test_embeddings_that_fail_leave_completions_alone(start_simulator: Start) -> None:
    """And the other way round: each route meets its own faults."""
    root = start_simulator("--fault-first", "no-embeddings=1", "--fault-first", "500=1")
    with OpenAI(base_url=f"{root}/v1", api_key="any", max_retries=0, timeout=10) as client:
        ask = partial(client.embeddings.create, model="text-embedding-3-small", input=["Mars", "is far"])
        with pytest.raises(openai.InternalServerError, match="Simulated fault: no-embeddings"):
            ask()
        assert len(ask().data) == 2
        with pytest.raises(openai.InternalServerError, match="Simulated fault: 500"):
            client.chat.completions.create(**COIN)
        assert client.chat.completions.create(**COIN).choices[0].message.content == "Heads"
    with urlopen(f"{root}/stats") as stats:
        assert json.load(stats)["embedded"] == 2


def test_an_unknown_fault_is_refused(client: OpenAI) -> None:
    """With the kinds that exist."""
    with pytest.raises(openai.BadRequestError, match="no-logprobs"):
        faulty(client, "earthquake")


def test_first_faults_are_used_up_in_order() -> None:
    """A deterministic storm."""
    faults = Faults(first={"429": 2, "500": 1})
    assert [faults.met(None, call) for call in range(4)] == ["429", "429", "500", None]


def test_rates_are_seeded_shares() -> None:
    """The same calls meet the same faults again, about as many as the rate says."""
    met = [Faults(seed=3, rates={"500": 0.2}).met(None, call) for call in range(1000)]
    assert met == [Faults(seed=3, rates={"500": 0.2}).met(None, call) for call in range(1000)]
    assert 150 < met.count("500") < 250


@pytest.mark.parametrize("pair", ["earthquake=1", "429=often", "429"])
def test_a_bad_fault_option_is_one_sentence(pair: str) -> None:
    """And exit code 2."""
    ended = subprocess.run(
        [sys.executable, "-m", "simulator", "--fault", pair],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1


def test_every_kind_has_a_test_above() -> None:
    """A new kind must be met by the SDK, too."""
    tested = {"latency", "timeout", "cut", "drop", "bad-json", "html"}
    spoilt = {"no-logprobs", "sentinel", "short-list", "other-model", "duplicate-id"}
    assert tested | spoilt | set(STATUSES) | {"no-embeddings"} == KINDS
