"""Embeddings: asked of a real simulator, and of servers that have none; each completion once, each batch kept at once."""

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tasks.embed
from tasks.aggregate import aggregate
from tasks.core.endpoints import Endpoint
from tasks.core.plan import series_of_study
from tasks.core.study import Arm, Study
from tasks.embed import Wanted, batches, embed, embed_completions
from tasks.land import land_run
from tasks.retries import Retries
from tasks.settings import Settings
from tasks.spool import LineTemplate, Spool
from tasks.warehouse import Warehouse

DAY = dt.date(2026, 11, 20)
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
MODEL = "text-embedding-3-small"
SAID = ("Mars is red.", "Mars is far.", "Mars is red.", "")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of a warehouse that is not there yet."""
    return Settings(warehouse=str(tmp_path / "w.duckdb"), warehouse_wait_s=0.2)


@pytest.fixture
def landed(
    settings: Settings, new_spool: Callable[..., Spool], new_study: Callable[..., Study]
) -> Callable[..., Spool]:
    """Lands a run whose completions are these texts."""

    def land(*texts: str, day: dt.date = DAY, **fields: Any) -> Spool:
        study = new_study(arms=(Arm(max_tokens=20),), **({"embedding_model": MODEL} | fields))
        spool = new_spool(study, day)
        template = LineTemplate(spool.header, series_of_study(study)[0])
        given = {"latency_s": 0.1, "attempts": 1, "status": 200, "headers": {}, "error": None}
        for number, text in enumerate(texts):
            body = {"id": f"c{number}", "object": "x", "created": 1, "choices": [{"message": {"content": text}}]}
            at = NOON + dt.timedelta(seconds=number)
            spool.append(
                study.targets[0], template.line(repeat=number, requested_at=at, response=json.dumps(body), **given)
            )
        run = spool.header.run("complete", None, attempted=len(texts), ended_at=NOON, source="")
        spool.finish(run)
        with Warehouse.open(settings) as warehouse:
            land_run(warehouse, run, spool.sample_files, NOON)
        return spool

    return land


@pytest.fixture
def asked(settings: Settings) -> Callable[..., list[str]]:
    """Runs the stage for one endpoint."""

    def ask(
        base_url: str,
        kind: str = "simulator",
        environment: dict[str, str] | None = None,
        days: Sequence[dt.date] = (DAY,),
        **fields: Any,
    ) -> Any:
        endpoint = Endpoint.model_validate({"name": "sim", "kind": kind, "base_url": base_url, "timeout_s": 5} | fields)
        return embed(settings, ["coin-flip"], days, {"sim": endpoint}, environment or {})

    return ask


@pytest.fixture
def serve(scripted: Any, asked: Callable[..., list[str]]) -> Callable[..., tuple[list[str], list[bytes]]]:
    """Runs the stage at a server that says what it is told; gives what was said, and what the server was asked."""

    def run(*replies: bytes, **fields: Any) -> tuple[list[str], list[bytes]]:
        async def serving() -> tuple[list[str], list[bytes]]:
            async with scripted(*replies) as server:
                root = server.base_url.removesuffix("/v1") if fields.get("kind") == "azure" else server.base_url
                said = await asyncio.to_thread(lambda: asked(root, **({"kind": "openai"} | fields)))
                return said, server.requests

        return asyncio.run(serving())

    return run


def kept(settings: Settings) -> list[dict[str, Any]]:
    """What is kept, without the embeddings themselves."""
    with Warehouse.open(settings) as warehouse:
        return warehouse.rows(
            "select completion_id, endpoint, embedding_model, len(embedding) as size, error from raw.embeddings order by all"
        )


def agreement(settings: Settings) -> dict[str, Any]:
    """The one row of the day."""
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, [DAY], [])
        return warehouse.rows("from mart.agreement_by_day")[0]


def vectors(*embeddings: list[float]) -> bytes:
    """The body of an answer."""
    return json.dumps({"data": [{"index": i, "embedding": one} for i, one in enumerate(embeddings)]}).encode()


@pytest.fixture
def base_url(start_simulator: Callable[..., Any]) -> str:
    """A running simulator's."""
    return str(start_simulator().base_url)


def test_each_new_completion_is_embedded_once(
    base_url: str, settings: Settings, landed: Callable[..., Spool], asked: Callable[..., list[str]]
) -> None:
    """Equal texts once, the empty one never; a second run asks for nothing that is there."""
    landed(*SAID)
    assert asked(base_url) == []
    first = kept(settings)
    assert [(row["endpoint"], row["embedding_model"], row["size"], row["error"]) for row in first] == [
        ("sim", MODEL, 1536, None)
    ] * 2
    assert asked("http://127.0.0.1:9/v1", kind="openai") == []
    assert kept(settings) == first
    row = agreement(settings)
    assert 0 < row["mean_distance_first"] < row["mean_distance_pairs"] < 1
    assert (row["embedding_model"], row["embedding_error"]) == (MODEL, None)


def test_a_study_without_an_embedding_model_is_not_asked_for(
    settings: Settings, landed: Callable[..., Spool], asked: Callable[..., list[str]]
) -> None:
    """Nor one that is not among those that landed."""
    landed(*SAID, embedding_model=None)
    assert asked("http://127.0.0.1:9/v1", kind="openai") == []
    assert kept(settings) == []


def test_distances_are_those_of_what_was_embedded(
    settings: Settings, landed: Callable[..., Spool], serve: Callable[..., Any], http_reply: Any
) -> None:
    """At a right angle: two of three completions are the first one."""
    landed("aa", "b", "aa")
    said, requests = serve(http_reply(200, vectors([0, 2], [1, 0])))
    assert said == []
    sent = json.loads(requests[0].partition(b"\r\n\r\n")[2])
    assert sent == {"model": MODEL, "input": ["b", "aa"], "encoding_format": "float"}
    row = agreement(settings)
    assert (row["mean_distance_first"], row["mean_distance_pairs"]) == pytest.approx((1 / 2, 2 / 3))


def test_azure_embeds_at_its_deployment(
    landed: Callable[..., Spool], serve: Callable[..., Any], http_reply: Any
) -> None:
    """The embedding model names it, and the key travels as `api-key`."""
    landed("a")
    fields = {"kind": "azure", "api_version": "2024-10-21", "key_env": "K", "environment": {"K": "sk-of-azure"}}
    said, (request,) = serve(http_reply(200, vectors([1, 0])), **fields)
    assert said == []
    head = request.partition(b"\r\n\r\n")[0].decode()
    assert head.startswith(f"POST /openai/deployments/{MODEL}/embeddings?api-version=2024-10-21 ")
    assert "api-key: sk-of-azure" in head.lower()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (404, b'{"error": {"message": "no such route"}}', 'HTTP 404: {"error": {"message": "no such route"}}'),
        (400, b"bad, and your key is sk-12345678", "HTTP 400: bad, and your key is ***"),
        (200, b"<html>", "the answer holds no list of embeddings."),
    ],
)
def test_an_endpoint_without_embeddings_is_asked_once_and_quoted(
    status: int,
    body: bytes,
    words: str,
    settings: Settings,
    landed: Callable[..., Spool],
    serve: Callable[..., Any],
    http_reply: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One row with its words, in which no key stands; the distances are not observable, and the next run asks again."""
    monkeypatch.setattr(tasks.embed, "MOST_TEXTS", 1)
    landed(*SAID)
    said, requests = serve(http_reply(status, body), key_env="K", environment={"K": "sk-12345678"})
    assert said == [f"No embeddings of '{MODEL}' from endpoint 'sim': {words}"]
    assert len(requests) == 1
    (row,) = kept(settings)
    assert (row["size"], row["error"]) == (None, words)
    day = agreement(settings)
    assert (day["mean_distance_first"], day["mean_distance_pairs"], day["embedding_error"]) == (None, None, words)
    assert day["edit_distance_pairs"] > 0
    said, _ = serve(http_reply(200, vectors([1, 0])))
    assert said == []
    day = agreement(settings)
    assert (day["embedding_error"], day["mean_distance_pairs"]) == (None, 0)


def test_what_came_before_a_failure_is_kept(
    settings: Settings,
    landed: Callable[..., Spool],
    serve: Callable[..., Any],
    http_reply: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A batch at a time; a day that lacks one embedding has no distances."""
    monkeypatch.setattr(tasks.embed, "MOST_TEXTS", 2)
    landed("a", "b", "the longest")
    said, _ = serve(http_reply(200, vectors([1, 0], [0, 1])), http_reply(400, b"too long"))
    assert said == [f"No embeddings of '{MODEL}' from endpoint 'sim': HTTP 400: too long"]
    assert [row["size"] for row in kept(settings)].count(2) == 2
    assert agreement(settings)["mean_distance_first"] is None


def test_what_was_missed_is_asked_for_after_what_is_new(
    settings: Settings,
    landed: Callable[..., Spool],
    serve: Callable[..., Any],
    http_reply: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In requests of its own, so that a text which nothing embeds holds up no later day; and not for ever."""
    monkeypatch.setattr(tasks.embed, "DAYS_BACK", 3)
    days = [DAY - dt.timedelta(days=ago) for ago in (30, 2, 1, 0)]
    for day, text in zip(days, ("too old", "a text too long for it", "b", "c"), strict=True):
        landed(text, day=day)
    said, requests = serve(http_reply(200, vectors([1, 0])), http_reply(400, b"too long"))
    assert [json.loads(sent.partition(b"\r\n\r\n")[2])["input"] for sent in requests] == [
        ["c"],
        ["b", "a text too long for it"],
    ]
    assert said == [f"No embeddings of '{MODEL}' from endpoint 'sim': HTTP 400: too long"]
    assert [row["size"] for row in kept(settings)].count(2) == 1
    said, requests = serve(http_reply(200, vectors([1, 0], [0, 1])), days=[])
    assert (said, len(requests)) == ([], 1)
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, days, [])
        assert warehouse.column("select is_embedded from mart.distance_inputs_by_day order by day") == [
            False,
            True,
            True,
            True,
        ]


def test_an_operators_mistake_is_a_sentence(
    settings: Settings, landed: Callable[..., Spool], asked: Callable[..., list[str]]
) -> None:
    """A missing key, an endpoint that is not declared, a simulator that cannot be started: nothing is raised."""
    landed("a")
    start = f"No embeddings of '{MODEL}' from endpoint 'sim': "
    assert asked("http://127.0.0.1:9/v1", kind="openai", key_env="NONE") == [
        f"{start}Set NONE: endpoint 'sim' reads its key from there."
    ]
    assert embed_completions.fn(settings, ["coin-flip"], [DAY], {}) == [f"{start}it is not declared."]
    assert asked("https://example.invalid/v1")[0].startswith(f"{start}No simulator answers")
    assert kept(settings) == []


def test_nothing_holds_the_warehouse_while_it_waits(
    settings: Settings,
    landed: Callable[..., Spool],
    scripted: Any,
    asked: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another writer gets in while an endpoint takes its time."""
    monkeypatch.setattr(tasks.embed, "RETRIES", Retries(attempts=1))
    landed("a")

    async def waiting() -> list[str]:
        async with scripted(b"") as server:
            running = asyncio.create_task(asyncio.to_thread(asked, server.base_url, "openai", timeout_s=1))
            while not server.requests:
                await asyncio.sleep(0.02)
            with Warehouse.open(settings) as warehouse:
                assert warehouse.rows("from raw.embeddings") == []
            return await running

    (sentence,) = asyncio.run(waiting())
    assert sentence.endswith("No whole answer within 1 s.")


def test_batches_are_no_more_than_a_request_may_hold() -> None:
    """In number and in characters; a text that is too long for any goes alone, and what was missed never with what is new."""
    wanted = [
        Wanted("e", "m", str(number), characters, DAY, is_new=True)
        for number, characters in enumerate([1] * 130 + [59_999, 90_000])
    ]
    sizes = [[one.characters for one in batch] for batch in batches(wanted)]
    assert [len(size) for size in sizes] == [64, 64, 2, 1, 1]
    assert [characters for size in sizes for characters in size] == [one.characters for one in wanted]
    assert all(len(size) == 1 or sum(size) <= 60_000 for size in sizes)
    assert list(batches([])) == []
    missed = replace(wanted[0], is_new=False)
    assert list(batches([wanted[0], missed, missed])) == [[wanted[0]], [missed, missed]]
