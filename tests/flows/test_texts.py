"""A study of texts, from the simulator's answers to its distances."""

import asyncio
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

import tasks.embed
from flows.landing import land_recordings, land_spools, rebuild_all
from flows.reporting import telling
from flows.study import planned
from reports.names import study_page
from tasks import catalogue
from tasks.aggregate import aggregate
from tasks.core.errors import UsageError
from tasks.core.study import Study
from tasks.embed import embed_completions
from tasks.embedded import simulator_running
from tasks.retries import Retries
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


def sampled(settings: Settings, study: Study, at: dt.datetime = NOW) -> list[Path]:
    """The files of a spool that has not landed."""
    with Spool.create(settings.spool, RunHeader.new(study, at.date(), started_at=at)) as spool:
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


@pytest.fixture
def embeds(
    place: Any, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[bool], dict[str, Any]]]:
    """Says whether endpoint `breaking` gives embeddings from now on; gives what it counted until then."""
    monkeypatch.setattr(tasks.embed, "RETRIES", Retries(attempts=1))
    root = f"http://127.0.0.1:{free_port()}"
    place.declare("breaking", f"{root}/v1", kind="simulator")

    def say(it_does: bool) -> dict[str, Any]:
        faults = json.dumps({} if it_does else {"rates": {"no-embeddings": 1}}).encode()
        urlopen(Request(f"{root}/faults", faults, method="PUT"), timeout=5).close()
        with urlopen(f"{root}/stats", timeout=5) as stats:
            return dict(json.load(stats))

    with simulator_running(f"{root}/v1", options=["--control"]):
        yield say


DISTANCES = "select day::varchar as day, mean_distance_pairs, embedding_error from mart.agreement_by_day order by day"


def test_embeddings_that_were_missed_are_asked_for_with_the_next_run(
    place: Any, text_study: Callable[..., Study], embeds: Callable[[bool], dict[str, Any]]
) -> None:
    """Both days have their distances then, on their pages and in the copy, as in a rebuild; no text was asked twice."""
    study = text_study(endpoint="breaking", embedding_model="text-embedding-3-small")
    embeds(False)
    sampled(place.settings, study, NOW - dt.timedelta(days=1))
    land_spools(place.settings)
    (missed,) = place.rows(DISTANCES)
    assert missed["mean_distance_pairs"] is None
    assert missed["embedding_error"].startswith("HTTP 503: ")
    assert embeds(True)["embedded"] == 0
    sampled(place.settings, study)
    landed = land_spools(place.settings)
    assert landed.days == (NOW.date(),)
    both = place.rows(DISTANCES)
    assert all(row["mean_distance_pairs"] > 0 and row["embedding_error"] is None for row in both)
    assert {row["day"] for row in both} <= {page.stem for page in landed.pages}
    with Warehouse.open_copy(place.settings) as copy:
        assert copy.rows(DISTANCES) == both
    (kept,) = place.rows("select count(distinct completion_id) as n from raw.embeddings where embedding is not null")
    assert embeds(True)["embedded"] == kept["n"]
    rebuild_all(place.settings)
    assert place.rows(DISTANCES) == both


def test_embeddings_that_came_before_a_run_was_killed_are_counted_by_the_next(
    place: Any, text_study: Callable[..., Study], embeds: Callable[[bool], dict[str, Any]]
) -> None:
    """Nobody has to tell which days they are of."""
    embeds(False)
    sampled(place.settings, text_study(endpoint="breaking", embedding_model="text-embedding-3-small"))
    land_spools(place.settings, pages=False)
    embeds(True)
    assert embed_completions.fn(place.settings, ["mars"], [], catalogue.endpoints(place.settings)) == []
    with Warehouse.open(place.settings) as warehouse:
        assert aggregate(warehouse, [], []) == [NOW.date()]
        assert aggregate(warehouse, [], []) == []
    (row,) = place.rows(DISTANCES)
    assert row["mean_distance_pairs"] > 0


def test_which_of_two_settings_moves_the_distances_is_tested(place: Any, text_study: Callable[..., Study]) -> None:
    """Once for the same completions; its page says it, and no longer where the arms are others."""
    arms = [
        {"name": name, "max_tokens": 30, "top_logprobs": 1, **body}
        for name, body in (
            ("both", {"seed": 1, "temperature": 0}),
            ("seed", {"seed": 1}),
            ("zero", {"temperature": 0}),
            ("neither", {}),
        )
    ]
    study = text_study(embedding_model="text-embedding-3-small", arms=arms)
    sampled(place.settings, study)
    land_spools(place.settings)
    effects = "from mart.distance_effects_overall order by factor"
    found = place.rows(effects)
    assert [row["factor"] for row in found] == ["seed", "temperature"]
    assert all(0 < row["p_value"] <= 1 and row["permutations"] == 999 for row in found)
    distances = {row["arm"]: row["mean_distance_pairs"] for row in place.rows("from mart.agreement_by_day")}
    for row, first in zip(found, (("both", "seed"), ("both", "zero")), strict=True):
        second = distances.keys() - set(first)
        assert row["first_distance"] == pytest.approx(sum(distances[arm] for arm in first) / 2)
        assert row["second_distance"] == pytest.approx(sum(distances[arm] for arm in second) / 2)
    page = (place.settings.site / study_page("mars")).with_suffix(".json").read_text(encoding="utf-8")
    assert re.search(r"in embeddings, is 0\.\d+ with [^;]* \(p = [\d.]+\); 0\.\d+ with", page)
    tested = "select count(*) as n from raw.tests where test like 'distance effect%'"
    before = place.rows(tested)
    rebuild_all(place.settings)
    assert (place.rows(effects), place.rows(tested)) == (found, before)
    sampled(place.settings, study.changed(arms=[*arms, arms[-1] | {"name": "more", "max_tokens": 9}]), NOW)
    land_spools(place.settings, pages=False)
    assert place.rows(effects) == []


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
