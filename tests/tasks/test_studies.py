"""Every study of the catalogue, sampled at the simulator over real HTTP."""

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tasks import catalogue
from tasks.core.endpoints import Endpoint
from tasks.core.plan import series_of_study
from tasks.core.preflight import sent_to
from tasks.core.study import Study
from tasks.land import import_file
from tasks.sample import sample_study
from tasks.settings import Settings
from tasks.spool import Spool
from tasks.warehouse import Warehouse

STUDIES = catalogue.deployments(Settings())
DAY = dt.date(2026, 3, 1)
NewSpool = Callable[..., Spool]
Start = Callable[..., Any]
Choices = dict[tuple[str, str, str], list[dict[str, Any]]]


def endpoint(simulator: Any, name: str = "simulator", **fields: Any) -> dict[str, Endpoint]:
    """The simulator, declared."""
    given = {"name": name, "kind": "simulator", "base_url": simulator.base_url} | fields
    return {name: Endpoint.model_validate(given)}


async def sampled(study: Study, new_spool: NewSpool, simulator: Any) -> Choices:
    """The first choice of every answer, by model, arm and prompt; the run is whole, and nothing failed."""
    spool = new_spool(study, DAY)
    outcome = await sample_study(spool, endpoint(simulator), environment={})
    assert (outcome.run.state, sum(target.failures for target in outcome.targets)) == ("complete", 0)
    choices: Choices = {}
    for sample in (one for target in study.targets for one in spool.samples(target)):
        key = (sample["request"]["model"], sample["arm"], sample["prompt"])
        choices.setdefault(key, []).append(json.loads(sample["response"])["choices"][0])
    return choices


def texts(choices: list[dict[str, Any]]) -> Counter[str]:
    """Each completion with its count."""
    return Counter(choice["message"]["content"] for choice in choices)


def values(choices: list[dict[str, Any]]) -> set[float]:
    """The log-probabilities of the first token."""
    return {choice["logprobs"]["content"][0]["logprob"] for choice in choices}


def offline(name: str, **fields: Any) -> Study:
    """A study of the catalogue, sent to the simulator."""
    return sent_to(STUDIES[name], "simulator").changed(**fields)


@pytest.mark.parametrize("name", STUDIES)
async def test_a_study_runs_offline(name: str, start_simulator: Start, new_spool: NewSpool) -> None:
    """Every series is answered, and each answer brings the list of its own tokens."""
    study = offline(name, samples=2)
    choices = await sampled(study, new_spool, start_simulator())
    assert choices.keys() == {(key.model, key.arm, key.prompt) for key in (s.key for s in series_of_study(study))}
    for choice in (choice for of_series in choices.values() for choice in of_series):
        tokens = "".join(position["token"] for position in choice["logprobs"]["content"])
        assert tokens == choice["message"]["content"] != ""
        assert study.answer_pattern is None or re.search(study.answer_pattern, tokens)


async def test_faces_are_named_about_as_often_as_their_log_probabilities_say(
    start_simulator: Start, new_spool: NewSpool
) -> None:
    """Both faces come, each whole; the first token of Tails is T."""
    choices = await sampled(offline("coin-flip-answers", samples=300), new_spool, start_simulator())
    of_mini = choices["gpt-4o-mini", "default", "flip"]
    assert texts(of_mini).keys() == {"Heads", "Tails"}
    assert 0.85 < texts(of_mini)["Heads"] / 300 < 0.96
    first = {choice["logprobs"]["content"][0]["token"]: choice["message"]["content"] for choice in of_mini}
    assert first == {"Heads": "Heads", "T": "Tails"}
    assert {choice["finish_reason"] for choice in of_mini} == {"stop"}


async def test_temperature_and_seed_each_make_texts_agree(start_simulator: Start, new_spool: NewSpool) -> None:
    """At temperature 0 nearly always, with a seed alone more often than with neither."""
    choices = await sampled(offline("seed-and-temperature", samples=20), new_spool, start_simulator())
    modal = {arm: texts(of).most_common(1)[0][1] for (model, arm, _), of in choices.items() if model == "gpt-4o"}
    assert modal["seed-and-zero"] >= 15
    assert modal["zero"] >= 15
    assert 15 > modal["seed"] > modal["neither"] == 1


async def test_a_longer_answer_agrees_less(start_simulator: Start, new_spool: NewSpool) -> None:
    """And is as long as it may be."""
    choices = await sampled(offline("length"), new_spool, start_simulator())
    of_length = {arm: of for (_, arm, _), of in choices.items()}
    assert len(texts(of_length["max-25"])) < len(texts(of_length["max-400"]))
    for arm, of in of_length.items():
        assert {len(choice["logprobs"]["content"]) for choice in of} == {int(arm.removeprefix("max-"))}


async def test_a_server_under_load_varies_more(start_simulator: Start, new_spool: NewSpool) -> None:
    """One call at a time never varies; many at once do, in the first value and in the text."""
    choices = await sampled(offline("load"), new_spool, start_simulator())
    alone, many = (choices["llama-3.1-8b-instruct", arm, "lighthouse"] for arm in ("at-once-1", "at-once-64"))
    assert (len(values(alone)), len(texts(alone))) == (1, 1)
    assert len(values(many)) >= 3
    assert len(texts(many)) > 1


async def test_some_questions_flip_and_most_do_not(start_simulator: Start, new_spool: NewSpool) -> None:
    """More texts differ than answers do."""
    study = offline("agreement")
    choices = await sampled(study, new_spool, start_simulator())
    pattern = re.compile(study.answer_pattern or pytest.fail("the study has no pattern"))
    answers = {key: {found[1] for text in texts(of) if (found := pattern.search(text))} for key, of in choices.items()}
    flipped = sum(len(given) > 1 for given in answers.values())
    assert 1 <= flipped <= 10
    assert flipped < sum(len(texts(of)) > 1 for of in choices.values()) <= 20


async def test_an_arm_that_is_not_observable_leaves_the_others_alone(
    start_simulator: Start, new_spool: NewSpool, new_study: Callable[..., Study]
) -> None:
    """A few calls of it, the provider's words, and every call of the other arm and of the other target."""
    arms = [{"name": "lists", "top_logprobs": 5}, {"name": "cold", "temperature": 0}, {"name": "plain"}]
    study = new_study("simulator", ("control-reasoning", "gpt-4o")).changed(samples=60, concurrency=16, arms=arms)
    spool, simulator = new_spool(study, DAY), start_simulator()
    outcome = await sample_study(spool, endpoint(simulator), environment={})
    reasoning, other = outcome.targets
    assert (reasoning.attempted, reasoning.failures, other.attempted, other.failures) == (70, 10, 180, 0)
    made = Counter((one["arm"], one["status"]) for one in spool.samples(study.targets[0]))
    assert made == {("lists", 403): 5, ("cold", 400): 5, ("plain", 200): 60}
    assert outcome.run.state == "incomplete"
    assert (
        outcome.run.reason
        == reasoning.ended
        == (
            "simulator/control-reasoning, arm lists: not observable, refused with HTTP 403: "
            "You are not allowed to request logprobs from this model. "
            "simulator/control-reasoning, arm cold: not observable, refused with HTTP 400: Unsupported value: "
            "'temperature' does not support 0 with this model. Only the default (1) value is supported."
        )
    )
    assert simulator.stats()["requests"] <= 240 + 2 * (5 + 16)


async def test_a_resumed_run_remembers_what_was_refused(
    start_simulator: Start, new_spool: NewSpool, new_study: Callable[..., Study]
) -> None:
    """The refusals in its spool count: nothing is asked again to hear the same."""
    spool, simulator = new_spool(new_study("simulator", ("control-reasoning",), samples=9)), start_simulator()
    await sample_study(spool, endpoint(simulator), environment={})
    asked = simulator.stats()["requests"]
    (spool.path / "finished.json").unlink()
    again = await sample_study(spool, endpoint(simulator), environment={})
    assert simulator.stats()["requests"] == asked
    assert "arm default: not observable" in (again.run.reason or "")


async def test_azures_own_fields_are_kept_verbatim(
    start_simulator: Start, new_spool: NewSpool, warehouse: Warehouse
) -> None:
    """The content filters' results stand in the raw response as they came, and disturb no reading of it."""
    simulator = start_simulator("--key", "any-key-at-all")
    azure = endpoint(
        simulator, "azure", kind="azure", base_url=simulator.root, api_version="2024-10-21", key_env="AZURE_KEY"
    )
    study = STUDIES["length"].changed(samples=2, arms=[STUDIES["length"].arms[0]])
    spool = new_spool(study, DAY)
    outcome = await sample_study(spool, azure, environment={"AZURE_KEY": "any-key-at-all"})
    assert outcome.run.state == "complete"
    landing = import_file(warehouse, spool.sample_files[0], dt.datetime(2026, 3, 2, tzinfo=dt.UTC))
    assert landing.new_samples == 2
    sent = {one["response"] for one in spool.samples(study.targets[0])}
    kept = {row["response"] for row in warehouse.rows("select response from raw.responses")}
    assert kept == sent
    for body in map(json.loads, kept):
        assert body["prompt_filter_results"][0]["content_filter_results"]["jailbreak"]["detected"] is False
        assert body["choices"][0]["content_filter_results"]["violence"] == {"filtered": False, "severity": "safe"}
    samples = warehouse.rows("select outcome, endpoint, model, served_model, completion_tokens from stg.samples")
    assert (
        samples
        == [
            {
                "outcome": "ok",
                "endpoint": "azure",
                "model": "gpt-4o",
                "served_model": "gpt-4o-2024-08-06",
                "completion_tokens": 25,
            }
        ]
        * 2
    )
