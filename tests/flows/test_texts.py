"""A study of texts, from the simulator's answers to its distances."""

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.landing import land_recordings, land_spools
from flows.reporting import telling
from flows.study import planned
from tasks import catalogue
from tasks.core.errors import UsageError
from tasks.core.study import Study
from tasks.sample import sample_study
from tasks.settings import Settings
from tasks.spool import RunHeader, Spool
from tasks.warehouse import Warehouse

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def text_study(coin_flip: Callable[..., Study]) -> Callable[..., Study]:
    """Makes a study whose completions have some words."""

    def make(**fields: Any) -> Study:
        prompts = [{"name": "mars", "messages": [{"content": "Tell me a short story about a journey to Mars."}]}]
        arms = [{"max_tokens": 30, "top_logprobs": 1}]
        return coin_flip(**({"name": "mars", "prompts": prompts, "arms": arms, "samples": 8} | fields))

    return make


def sampled(settings: Settings, study: Study) -> list[Path]:
    """The files of a spool that has not landed."""
    with Spool.create(settings.spool, RunHeader.new(study, NOW.date(), started_at=NOW)) as spool:
        asyncio.run(sample_study(spool, catalogue.endpoints(settings), environment={}))
        return list(spool.sample_files)


def test_a_run_has_its_completions_embedded(place: Any, text_study: Callable[..., Study]) -> None:
    """Between landing and counting, so that its pages have the distances; by the flow's loop or without one."""
    sampled(place.settings, text_study(embedding_model="text-embedding-3-small"))

    async def within_a_loop() -> None:
        land_spools(place.settings, pages=False)

    asyncio.run(within_a_loop())
    (row,) = place.rows("from mart.agreement_by_day")
    assert (row["observed"], row["embedding_error"]) == (8, None)
    assert 0 < row["mean_distance_first"] < 1
    assert 0 < row["edit_distance_pairs"] <= 1
    assert row["first_divergence_tokens"] is not None


def test_an_endpoint_without_embeddings_does_not_fail_a_run(place: Any, text_study: Callable[..., Study]) -> None:
    """It is said, with the endpoint's words; the rest goes on."""
    sampled(place.settings, text_study(embedding_model="no-such-model"))
    said: list[str] = []
    with telling(said.append):
        land_spools(place.settings, pages=False)
    assert any(line.startswith("No embeddings of 'no-such-model' from endpoint 'simulator': HTTP 404") for line in said)
    (row,) = place.rows("from mart.agreement_by_day")
    assert (row["mean_distance_first"], row["embedding_error"][:8]) == (None, "HTTP 404")


def test_an_import_never_calls_out(place: Any, text_study: Callable[..., Study]) -> None:
    """It has no keys: the same answers as a recording bring no embeddings."""
    files = sampled(place.settings, text_study(embedding_model="text-embedding-3-small"))
    land_recordings(place.settings, files)
    with Warehouse.open(place.settings) as warehouse:
        assert warehouse.rows("from raw.embeddings") == []
        assert warehouse.rows("select count(*) as n from mart.agreement_by_day") == [{"n": 1}]


def test_a_pattern_that_cannot_be_used_is_refused_before_the_first_call(
    place: Any, text_study: Callable[..., Study]
) -> None:
    """In one sentence."""
    with pytest.raises(UsageError, match=r"^Study 'mars': answer_pattern .* is no regular expression \(RE2\)"):
        planned(place.settings, text_study(answer_pattern="A{2000}"), None)
