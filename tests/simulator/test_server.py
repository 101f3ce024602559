"""The simulator over real HTTP, asked by the real SDK."""

import asyncio
import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
import openai
import pytest
from openai import AsyncOpenAI, AzureOpenAI, OpenAI

COIN: Any = {
    "messages": [{"role": "user", "content": "Flip a coin. Return Heads or Tails only."}],
    "temperature": 0,
    "seed": 42,
    "max_tokens": 1,
    "logprobs": True,
    "top_logprobs": 20,
}
STORY: Any = {"messages": [{"role": "user", "content": "Tell me a story."}]}
Start = Callable[..., str]


def client_of(root: str, **options: Any) -> OpenAI:
    """The SDK, without retries of its own."""
    return OpenAI(base_url=f"{root}/v1", **{"api_key": "any", "max_retries": 0, "timeout": 10, **options})


@pytest.fixture
def client(simulator: str) -> Iterator[OpenAI]:
    """The SDK on the shared simulator."""
    with client_of(simulator) as client:
        yield client


def on_day(day: str, **headers: str) -> dict[str, str]:
    """Headers that name the logical day."""
    return {"x-flipbook-day": day, **headers}


def stats(root: str) -> dict[str, Any]:
    """What GET /stats says, with ids."""
    with client_of(root) as client:
        return cast("dict[str, Any]", client.get(f"{root}/stats?ids=1", cast_to=object))


def test_a_coin_flip_looks_like_openais(client: OpenAI) -> None:
    """Body, log-probabilities and headers."""
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", **COIN)
    completion = raw.parse()
    choice = completion.choices[0]
    assert re.fullmatch(r"chatcmpl-[A-Za-z0-9]{29}", completion.id)
    assert (completion.model, completion.service_tier) == ("gpt-4o-2024-08-06", "default")
    assert completion.system_fingerprint in {"fp_f9f4fb6dbf", "fp_eb9dce56a8"}
    assert (choice.message.content, choice.message.refusal, choice.finish_reason) == ("Heads", None, "length")
    assert choice.logprobs is not None
    assert choice.logprobs.content is not None
    assert len(choice.logprobs.content[0].top_logprobs) == 20
    assert choice.logprobs.content[0].bytes == list(b"Heads")
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (17, 1)
    assert raw.headers["x-flipbook-simulated"] == "1"
    assert re.fullmatch(r"req_[0-9a-f]{32}", raw.headers["x-request-id"])
    for name in ("openai-processing-ms", "openai-version", "cf-ray", "x-ratelimit-remaining-tokens"):
        assert raw.headers[name]


def test_azure_adds_its_content_filters(simulator: str) -> None:
    """The deployment's name is the model's, and api-version is demanded by the SDK's own route."""
    azure = AzureOpenAI(azure_endpoint=simulator, api_key="any", api_version="2024-10-21", max_retries=0)
    with azure:
        completion = azure.chat.completions.create(model="gpt-4o", **COIN)
    body = completion.model_dump()
    assert completion.model == "gpt-4o-2024-08-06"
    assert body["prompt_filter_results"][0]["content_filter_results"]["jailbreak"] == {
        "filtered": False,
        "detected": False,
    }
    assert body["choices"][0]["content_filter_results"]["hate"]["severity"] == "safe"


def test_azure_demands_key_and_version(simulator: str) -> None:
    """401 without `api-key`, 404 without `api-version`."""
    with client_of(simulator) as client:
        url = f"{simulator}/openai/deployments/gpt-4o/chat/completions"
        with pytest.raises(openai.AuthenticationError):
            client.post(f"{url}?api-version=1", cast_to=object, body=COIN)
        with pytest.raises(openai.NotFoundError):
            client.post(url, cast_to=object, body=COIN, options={"headers": {"api-key": "any"}})


def test_a_wrong_key_is_refused_where_one_is_demanded(start_simulator: Start) -> None:
    """With OpenAI's code."""
    root = start_simulator("--key", "right")
    with client_of(root, api_key="wrong") as wrong, pytest.raises(openai.AuthenticationError) as refused:
        wrong.chat.completions.create(model="gpt-4o", **COIN)
    assert refused.value.code == "invalid_api_key"
    with client_of(root, api_key="right") as right:
        assert right.chat.completions.create(model="gpt-4o", **COIN).id


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    """With OpenAI's code."""
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model="gpt-0", **COIN)
    assert refused.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"logprobs": False}, "top_logprobs"),
        ({"n": 2}, "n"),
    ],
)
def test_a_bad_body_is_refused_with_the_field(client: OpenAI, change: dict[str, Any], param: str) -> None:
    """Status 400 and the name of the field."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="gpt-4o", **{**COIN, **change})
    assert refused.value.param == param


def test_a_day_that_is_none_is_refused(client: OpenAI) -> None:
    """In one sentence."""
    with pytest.raises(openai.BadRequestError, match="x-flipbook-day"):
        client.chat.completions.create(model="gpt-4o", **COIN, extra_headers=on_day("tomorrow"))


def test_logprobs_are_as_asked_for(client: OpenAI) -> None:
    """None unless asked for, and lists of the length asked for."""
    plain = {name: value for name, value in COIN.items() if "logprobs" not in name}
    assert client.chat.completions.create(model="gpt-4o", **plain).choices[0].logprobs is None
    short = client.chat.completions.create(model="gpt-4o", **{**COIN, "top_logprobs": 3}).choices[0].logprobs
    assert short is not None
    assert short.content is not None
    assert len(short.content[0].top_logprobs) == 3


@pytest.mark.parametrize(("max_tokens", "text", "reason"), [(1, "He", "length"), (4, "Heads", "stop")])
def test_gpt_3_5_turbo_says_heads_in_two_tokens(client: OpenAI, max_tokens: int, text: str, reason: str) -> None:
    """`He` where one token is allowed, and no fingerprint."""
    completion = client.chat.completions.create(model="gpt-3.5-turbo", **{**COIN, "max_tokens": max_tokens})
    assert (completion.choices[0].message.content, completion.choices[0].finish_reason) == (text, reason)
    assert (completion.model, completion.system_fingerprint) == ("gpt-3.5-turbo-0125", None)


async def drawn(root: str, model: str, day: str, calls: int, **change: Any) -> Counter[tuple[str, float, str | None]]:
    """How often each (text, value, fingerprint) came in so many concurrent calls."""
    async with AsyncOpenAI(base_url=f"{root}/v1", api_key="any", max_retries=0) as client:
        create = client.chat.completions.create
        answers = await asyncio.gather(
            *(create(model=model, **{**COIN, **change}, extra_headers=on_day(day)) for _ in range(calls))
        )
    return Counter(
        (a.choices[0].message.content, a.choices[0].logprobs.content[0].top_logprobs[0].logprob, a.system_fingerprint)
        for a in answers
    )


async def test_a_day_has_the_same_counts_again(start_simulator: Start) -> None:
    """In another process, in whatever order the requests arrive; another day or seed has others."""
    one, two, other = start_simulator("--seed", "7"), start_simulator("--seed", "7"), start_simulator("--seed", "8")
    first = await drawn(one, "gpt-4o", "2026-03-01", 60)
    assert await drawn(two, "gpt-4o", "2026-03-01", 60) == first
    assert await drawn(two, "gpt-4o", "2026-03-02", 60) != first
    assert await drawn(other, "gpt-4o", "2026-03-01", 60) != first


async def test_failed_calls_do_not_change_a_days_counts(start_simulator: Start) -> None:
    """What is asked again gets the answer that the failed call would have had."""
    first = await drawn(start_simulator(), "gpt-4o", "2026-03-01", 40)
    root = start_simulator("--fault-first", "500=5", "--fault-first", "bad-json=5")
    async with AsyncOpenAI(base_url=f"{root}/v1", api_key="any", max_retries=0) as client:
        for _ in range(10):
            with pytest.raises((openai.APIError, ValueError)):
                await client.chat.completions.create(model="gpt-4o", **COIN, extra_headers=on_day("2026-03-01"))
    assert await drawn(root, "gpt-4o", "2026-03-01", 40) == first


async def test_the_steady_control_never_varies(simulator: str) -> None:
    """At any temperature."""
    assert len(await drawn(simulator, "control-steady", "2026-03-01", 30, temperature=2, seed=None)) == 1


async def test_the_changing_control_changes_on_its_day(simulator: str) -> None:
    """A new fingerprint, and probabilities that mostly were not there before."""
    before = await drawn(simulator, "control-changing", "2026-03-08", 50)
    after = await drawn(simulator, "control-changing", "2026-03-09", 50)
    assert not {fingerprint for *_, fingerprint in before} & {fingerprint for *_, fingerprint in after}
    assert {value for _, value, _ in before} != {value for _, value, _ in after}


async def test_a_higher_temperature_says_tails_sometimes(simulator: str) -> None:
    """Never at temperature 0, as the top token wins; with a high one both faces come."""
    cold = await drawn(simulator, "control-changing", "2026-03-01", 40)
    hot = await drawn(simulator, "control-changing", "2026-03-01", 40, temperature=2, seed=None, max_tokens=4)
    assert {text for text, *_ in cold} == {"Heads"}
    assert {"Heads", "Tails"} <= {text for text, *_ in hot}


def texts(client: OpenAI, calls: int, **change: Any) -> list[str]:
    """The texts of so many calls for one story."""
    create = client.chat.completions.create
    answers = [
        create(model="gpt-4o", **{**STORY, "max_tokens": 150, **change}, extra_headers=on_day("2026-03-01"))
        for _ in range(calls)
    ]
    return [answer.choices[0].message.content or "" for answer in answers]


def mean_agreement(answers: list[str]) -> float:
    """How many characters the answers share with the first one, on average."""
    return float(np.mean([len(_common(answers[0], text)) for text in answers[1:]]))


def _common(one: str, other: str) -> str:
    equal = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:equal]


def test_texts_diverge_earlier_with_temperature_and_without_seed(client: OpenAI) -> None:
    """Temperature 0 agrees longest, a seed helps at temperature 1, and without one texts part at once."""
    cold = mean_agreement(texts(client, 20, temperature=0, seed=1))
    warm = mean_agreement(texts(client, 20, temperature=0.3))
    seeded = mean_agreement(texts(client, 20, temperature=1, seed=1))
    hot = mean_agreement(texts(client, 20, temperature=1))
    assert cold > warm > hot
    assert seeded > hot


def test_texts_are_cut_at_max_tokens_and_have_logprobs(client: OpenAI) -> None:
    """One entry a token, each with its own list, and the text is what they spell."""
    asked: Any = {"max_tokens": 12, "logprobs": True, "top_logprobs": 5}
    choice = client.chat.completions.create(model="gpt-4o", **STORY, **asked).choices[0]
    assert choice.logprobs is not None
    assert choice.logprobs.content is not None
    assert choice.finish_reason == "length"
    assert [len(position.top_logprobs) for position in choice.logprobs.content] == [5] * 12
    assert "".join(position.token for position in choice.logprobs.content) == choice.message.content


PLAIN: Any = {"messages": COIN["messages"]}


@pytest.mark.parametrize(
    ("asked", "status", "param", "words"),
    [
        ({"max_tokens": 9}, 400, "max_tokens", "Use 'max_completion_tokens' instead."),
        ({"temperature": 0.5}, 400, "temperature", "does not support 0.5 with this model."),
        ({"logprobs": True}, 403, None, "You are not allowed to request logprobs from this model"),
    ],
)
def test_a_reasoning_model_refuses_as_openais_do(
    client: OpenAI, asked: dict[str, Any], status: int, param: str | None, words: str
) -> None:
    """Log-probabilities with 403, the rest with 400 and the field."""
    with pytest.raises(openai.APIStatusError, match=re.escape(words)) as refused:
        client.chat.completions.create(model="control-reasoning", **PLAIN, **asked)
    assert (refused.value.status_code, refused.value.param) == (status, param)


def test_a_reasoning_model_refuses_as_azures_do(simulator: str) -> None:
    """Log-probabilities with 400, too."""
    with (
        AzureOpenAI(azure_endpoint=simulator, api_key="any", api_version="1", max_retries=0) as azure,
        pytest.raises(openai.BadRequestError, match="'logprobs' is not supported with this model"),
    ):
        azure.chat.completions.create(model="control-reasoning", **PLAIN, logprobs=True)


def test_a_reasoning_model_answers_and_says_what_it_thought(client: OpenAI) -> None:
    """In tokens that are billed and not shown; a limit can leave nothing else."""
    create = client.chat.completions.create
    whole = create(model="control-reasoning", **PLAIN, temperature=1, seed=1)
    cut = create(model="control-reasoning", **PLAIN, max_completion_tokens=20)
    assert whole.choices[0].message.content in {"Heads", "Tails"}
    for answer, shown, reasoning in ((whole, (1, 2), 64), (cut, (0,), 20)):
        assert answer.usage is not None
        assert answer.usage.completion_tokens_details is not None
        assert answer.usage.completion_tokens_details.reasoning_tokens == reasoning
        assert answer.usage.completion_tokens - reasoning in shown
    assert (cut.choices[0].message.content, cut.choices[0].finish_reason) == ("", "length")


async def test_a_batch_decides_what_its_calls_meet(simulator: str) -> None:
    """One call at a time always meets the same; sixty-four at once do not, in any order of arrival."""

    async def values(at_once: int) -> list[float]:
        async with AsyncOpenAI(base_url=f"{simulator}/v1", api_key="any", max_retries=0, timeout=10) as client:
            gate = asyncio.Semaphore(at_once)

            async def one() -> float:
                async with gate:
                    asked: Any = {**STORY, "temperature": 0, "max_tokens": 1, "logprobs": True, "top_logprobs": 5}
                    answer = await client.chat.completions.create(model="llama-3.1-8b-instruct", **asked)
                assert answer.choices[0].logprobs is not None
                assert answer.choices[0].logprobs.content is not None
                assert answer.system_fingerprint is None
                return answer.choices[0].logprobs.content[0].logprob

            return await asyncio.gather(*(one() for _ in range(64)))

    assert len(set(await values(1))) == 1
    assert len(set(await values(64))) > 1


def test_a_question_gets_a_letter(client: OpenAI) -> None:
    """One of those that it offers, the same at each temperature, after some words of reasoning."""
    question = "Which is a fruit?\nA) stone\nB) pear\nC) brick\nD) spoon"
    messages = [{"role": "user", "content": question}]
    asked: Any = {"messages": messages, "logprobs": True, "top_logprobs": 4, "extra_headers": on_day("2026-03-01")}
    said = [client.chat.completions.create(model="gpt-4o", temperature=heat, **asked).choices[0] for heat in (0, 1)]
    letters = {re.fullmatch(r"(?:\S+ ){16}Answer: ([A-D])", choice.message.content or "") for choice in said}
    assert len({letter and letter[1] for letter in letters} - {None}) == 1
    logprobs = said[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert {entry.token for entry in logprobs.content[-1].top_logprobs} == {" A", " B", " C", " D"}


def test_a_replaced_model_writes_other_texts(client: OpenAI) -> None:
    """From the day on which it is another."""
    before, after = (
        client.chat.completions.create(
            model="control-replaced", **STORY, temperature=0, max_tokens=30, extra_headers=on_day(day)
        )
        for day in ("2026-03-08", "2026-03-09")
    )
    assert _common(before.choices[0].message.content or "", after.choices[0].message.content or "") == ""


def test_a_hostile_model_answers_with_markup(client: OpenAI) -> None:
    """Scripts, control characters and right-to-left text arrive as they are."""
    completion = client.chat.completions.create(model="control-hostile", **COIN)
    logprobs = completion.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    tokens = "".join(entry.token for entry in logprobs.content[0].top_logprobs)
    assert "<script>" in (completion.choices[0].message.content or "")
    assert {"\u202e", "\x00", "\x1b"} <= set(tokens)


def test_embeddings_are_unit_vectors_and_near_for_like_texts(client: OpenAI, simulator: str) -> None:
    """In the SDK's base64 as in plain numbers, at OpenAI and at Azure."""
    inputs = ["the quiet harbour", "the quiet harbour clock", "nothing in common"]
    one, near, far = (
        np.array(row.embedding) for row in client.embeddings.create(model="text-embedding-3-small", input=inputs).data
    )
    assert one.shape == (1536,)
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert one @ near > one @ far + 0.3
    with AzureOpenAI(azure_endpoint=simulator, api_key="any", api_version="1") as azure:
        again = azure.embeddings.create(model="text-embedding-3-small", input=inputs[0], encoding_format="float")
    assert np.allclose(again.data[0].embedding, one, atol=1e-6)


def test_models_are_listed(client: OpenAI) -> None:
    """Those of the figures and the embeddings."""
    names = {model.id for model in client.models.list()}
    assert {"gpt-4o", "gpt-3.5-turbo", "control-steady", "text-embedding-3-small"} <= names


def test_stats_tell_what_was_answered_whole(start_simulator: Start) -> None:
    """Requests, answers, faults, and the ids of the answers."""
    root = start_simulator("--fault-first", "cut=1")
    with client_of(root) as client:
        with pytest.raises(openai.APIConnectionError):
            client.chat.completions.create(model="gpt-4o", **COIN)
        answered = client.chat.completions.create(model="gpt-4o", **COIN)
    assert stats(root) == {
        "requests": 2,
        "answered": 1,
        "by_model": {"gpt-4o": 1},
        "faults": {"cut": 1},
        "embedded": 0,
        "ids": [answered.id],
    }


def test_errors_are_marked_as_simulated_too(client: OpenAI) -> None:
    """Whatever the route."""
    with pytest.raises(openai.NotFoundError) as refused:
        client.get("/no/such/route", cast_to=object)
    assert refused.value.response.headers["x-flipbook-simulated"] == "1"


def test_the_default_day_is_today(client: OpenAI) -> None:
    """In UTC: far from the change's past, so the changed regime holds."""
    assert dt.datetime.now(dt.UTC).date() > dt.date(2026, 3, 9)
    assert client.chat.completions.create(model="control-changing", **COIN).system_fingerprint == "fp_51a0d20004"
