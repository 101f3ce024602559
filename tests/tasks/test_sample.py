"""The sampling stage over real HTTP: every planned call once, whatever the provider does."""

import asyncio
import datetime as dt
import itertools
import json
import resource
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import TerminationSignal

from tasks import target_sampling
from tasks.core.endpoints import Endpoint
from tasks.core.errors import UsageError
from tasks.core.study import Arm, Study, Target
from tasks.sample import Outcome, sample_study, sample_target
from tasks.spool import Folder, Spool, SpoolWriteError
from tasks.target_sampling import Progress

NewSpool = Callable[..., Spool]
NewStudy = Callable[..., Study]
Start = Callable[..., Any]

# The start is read from the wall clock, the latency from another.
CLOCKS_DIFFER_S = 0.002
PRICES = {"gpt-4o": {"input_usd_per_million": 0, "output_usd_per_million": 1e5, "as_of": "2026-11-01"}}


def at(base_url: str, name: str = "sim", kind: str = "simulator", **fields: Any) -> dict[str, Endpoint]:
    """One endpoint, by its name."""
    return {name: Endpoint.model_validate({"name": name, "kind": kind, "base_url": base_url, "timeout_s": 20} | fields)}


async def sample(spool: Spool, endpoints: dict[str, Endpoint], **fields: Any) -> Outcome:
    """The stage without an environment."""
    return await sample_study(spool, endpoints, **({"environment": {}} | fields))


def samples(folder: Folder) -> list[dict[str, Any]]:
    """Every sample of a run."""
    return [one for target in folder.header.study.targets for one in folder.samples(target)]


def planned(study: Study) -> Counter[tuple[str, str, str, int]]:
    """Each call of a study, once."""
    return Counter(
        (target.model, arm.name, prompt.name, repeat)
        for target in study.targets
        for arm in study.arms
        for prompt in study.prompts
        for repeat in range(study.samples)
    )


def made(folder: Folder) -> Counter[tuple[str, str, str, int]]:
    """Each call of a run, as often as it stands in the spool."""
    return Counter((one["request"]["model"], one["arm"], one["prompt"], one["repeat"]) for one in samples(folder))


async def test_every_planned_call_is_made_once(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """Two models, two arms: the simulator's answers are the spool's, and the run is complete."""
    arms = (Arm(name="seed", temperature=0, seed=42, max_tokens=1, top_logprobs=5), Arm(name="free", max_tokens=1))
    study = new_study(models=("gpt-4o", "control-steady"), arms=arms)
    spool, simulator = new_spool(study, dt.date(2026, 3, 1)), start_simulator()
    outcome = await sample(spool, at(simulator.base_url))
    assert made(spool) == planned(study)
    assert (outcome.run.state, outcome.run.attempted, outcome.run.planned) == ("complete", 80, 80)
    assert [(one.target, one.attempted, one.failures) for one in outcome.targets] == [
        ("sim/gpt-4o", 40, 0),
        ("sim/control-steady", 40, 0),
    ]
    ids = sorted(json.loads(one["response"])["id"] for one in samples(spool))
    assert ids == sorted(simulator.stats()["ids"])
    first = samples(spool)[0]
    assert (first["day"], first["headers"]["x-flipbook-simulated"], first["attempts"]) == ("2026-03-01", "1", 1)
    assert spool.run == outcome.run


async def test_a_simulator_is_started_where_none_runs(
    new_spool: NewSpool, new_study: NewStudy, unused_tcp_port: int
) -> None:
    """And ends with the stage."""
    spool = new_spool(new_study(samples=3))
    outcome = await sample(spool, at(f"http://127.0.0.1:{unused_tcp_port}/v1"))
    assert outcome.run.state == "complete"


async def test_arms_and_repeats_are_mixed(start_simulator: Start, new_spool: NewSpool, new_study: NewStudy) -> None:
    """No arm gets the morning to itself."""
    arms = tuple(Arm(name=name, max_tokens=1) for name in ("a", "b"))
    spool = new_spool(new_study(arms=arms, samples=30, concurrency=1))
    await sample(spool, at(start_simulator().base_url))
    order = "".join(one["arm"] for one in samples(spool))
    assert "a" * 30 not in order
    assert "b" * 30 not in order


async def test_arms_of_different_concurrency_run_alone(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """While an arm of one at a time runs, nothing else is asked of its endpoint."""
    arms = (Arm(name="alone", max_tokens=1, concurrency=1), Arm(name="crowd", max_tokens=1, concurrency=8))
    spool = new_spool(new_study(models=("gpt-4o", "control-steady"), arms=arms, samples=16))
    await sample(spool, at(start_simulator("--latency-ms", "10").base_url))
    assert made(spool) == planned(spool.header.study)
    starts = [dt.datetime.fromisoformat(one["requested_at"]).timestamp() for one in samples(spool)]
    calls = [(start, start + one["latency_s"], one["arm"]) for start, one in zip(starts, samples(spool), strict=True)]
    for one, other in itertools.combinations(calls, 2):
        if "alone" in (one[2], other[2]):
            assert max(one[0], other[0]) >= min(one[1], other[1]) - CLOCKS_DIFFER_S


async def test_an_interrupted_run_goes_on_where_it_stopped(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """A cancellation keeps what was received, and what was received is not asked again."""
    spool, simulator = new_spool(new_study(samples=60)), start_simulator("--latency-ms", "30")
    running = asyncio.create_task(sample(spool, at(simulator.base_url)))
    while len(samples(spool)) < 10:
        await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    kept = {json.loads(one["response"])["id"] for one in samples(spool)}
    spool.close()
    assert not spool.is_finished
    with Spool.resumable(spool.path.parent, spool.header.study, spool.header.day) or pytest.fail("gone") as resumed:
        outcome = await sample(resumed, at(simulator.base_url))
    assert outcome.run.state == "complete"
    assert made(spool) == planned(spool.header.study)
    in_spool = {json.loads(one["response"])["id"] for one in samples(spool)}
    assert kept <= in_spool
    assert len(simulator.stats()["ids"]) - len(in_spool) <= spool.header.study.concurrency


async def test_a_finished_run_is_not_asked_again(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """A process that was killed between its last call and its landing leaves nothing to ask."""
    spool, simulator = new_spool(new_study()), start_simulator("--fault-first", "400=3")
    first = await sample(spool, at(simulator.base_url))
    assert await sample(spool, at(simulator.base_url)) == first
    assert simulator.stats()["requests"] == 20


@pytest.mark.parametrize("fault", ["429", "500", "drop", "cut"])
async def test_passing_faults_are_tried_again(
    fault: str, start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """A storm at the start costs attempts, and no sample."""
    simulator = start_simulator("--fault-first", f"{fault}=6", "--retry-after", "0.2")
    spool = new_spool(new_study())
    outcome = await sample(spool, at(simulator.base_url))
    assert (outcome.run.state, outcome.targets[0].failures) == ("complete", 0)
    assert made(spool) == planned(spool.header.study)
    assert sum(one["attempts"] for one in samples(spool)) == 26


async def test_a_server_that_hangs_is_asked_again(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """After the endpoint's own timeout."""
    simulator = start_simulator("--fault-first", "timeout=2")
    spool = new_spool(new_study())
    outcome = await sample(spool, at(simulator.base_url, timeout_s=1))
    assert outcome.run.state == "complete"
    assert made(spool) == planned(spool.header.study)


async def test_a_failure_that_will_not_pass_is_a_row(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """400 is neither tried again nor the end of its target; a page instead of JSON is an answer."""
    simulator = start_simulator("--fault-first", "400=2", "--fault-first", "html=3")
    spool = new_spool(new_study())
    outcome = await sample(spool, at(simulator.base_url))
    assert (outcome.run.state, outcome.targets[0].failures) == ("complete", 2)
    failed = [one for one in samples(spool) if one["status"] == 400]
    assert [(one["response"], one["attempts"]) for one in failed] == [(None, 1)] * 2
    assert all(one["error"].startswith("HTTP 400: ") for one in failed)
    pages = [one for one in samples(spool) if one["response"] and one["response"].startswith("<!doctype html>")]
    assert [(one["status"], one["error"]) for one in pages] == [(200, None)] * 3


@pytest.mark.parametrize(("status", "hint"), [(401, "check the key in"), (403, "may use"), (404, "check the model's")])
async def test_a_refused_target_ends_with_one_row_and_the_others_go_on(
    status: int, hint: str, start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """One sentence, not ten thousand rows."""
    bad = start_simulator("--fault", f"{status}=1")
    targets = (Target(endpoint="bad", model="gpt-4o"), Target(endpoint="sim", model="gpt-4o"))
    spool = new_spool(new_study(targets=targets, samples=200, concurrency=16))
    endpoints = at(start_simulator().base_url) | at(bad.base_url, "bad", "openai", key_env="BAD_KEY")
    outcome = await sample(spool, endpoints, environment={"BAD_KEY": "sk-12345678"})
    refused, other = outcome.targets
    assert (refused.attempted, refused.failures, other.attempted, other.failures) == (1, 1, 200, 0)
    assert refused.ended is not None
    assert hint in refused.ended
    assert (outcome.run.state, outcome.run.reason) == ("incomplete", refused.ended)
    assert bad.stats()["requests"] <= 16
    assert "sk-12345678" not in (spool.sample_files[0].read_text())


async def test_a_budget_is_never_exceeded(start_simulator: Start, new_spool: NewSpool, new_study: NewStudy) -> None:
    """One output token costs 0.1 dollars here: ten calls for a dollar, however many at once."""
    simulator = start_simulator()
    endpoints = at(simulator.base_url, prices=PRICES)
    spool = new_spool(new_study(budget_usd=1.0001, concurrency=8))
    outcome = await sample(spool, endpoints)
    assert len(samples(spool)) == 10
    assert (outcome.run.state, outcome.run.attempted) == ("incomplete", 10)
    assert outcome.run.reason == "stopped at its budget of $1.0001"
    assert simulator.stats()["requests"] == 10


async def test_a_budget_is_of_embeddings_as_well(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """Those of a run's completions are asked for after it: at as much again for each, half as many calls are made."""
    prices = PRICES | {"e": {"input_usd_per_million": 1e5, "output_usd_per_million": 0, "as_of": "2026-11-01"}}
    spool = new_spool(new_study(budget_usd=1.0001, embedding_model="e"))
    outcome = await sample(spool, at(start_simulator().base_url, prices=prices))
    assert (outcome.run.state, outcome.run.attempted) == ("incomplete", 5)


async def test_a_resumed_run_has_spent_what_it_spent(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """The budget is the run's, not the process's."""
    endpoints = at(start_simulator("--latency-ms", "50").base_url, prices=PRICES)
    spool = new_spool(new_study(budget_usd=1.0001, concurrency=1))
    running = asyncio.create_task(sample(spool, endpoints))
    while len(samples(spool)) < 4:
        await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.wait([running])
    outcome = await sample(spool, endpoints)
    assert outcome.run.attempted == 10


async def test_a_deadline_ends_a_run_and_its_waits(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """Even where the pace of the endpoint would have let the next call through in an hour."""
    spool = new_spool(new_study(deadline_minutes=0.02))
    outcome = await sample(spool, at(start_simulator().base_url, requests_per_minute=1 / 60))
    assert (outcome.run.state, outcome.run.reason) == ("incomplete", "stopped at its deadline of 0.02 minutes")
    assert len(samples(spool)) == 1


@contextmanager
def full_disk() -> Iterator[Callable[[], None]]:
    """A file-size limit stands for a disk that fills up; gives what makes room again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


async def test_a_full_disk_ends_the_run_in_one_sentence(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written stays, and the same command goes on from there."""
    monkeypatch.setattr(target_sampling, "ROOM_WAIT_S", 0.3)
    spool, simulator = new_spool(new_study(samples=40)), start_simulator()
    with full_disk(), pytest.raises(SpoolWriteError, match="The disk is full"):
        await sample(spool, at(simulator.base_url))
    kept = samples(spool)
    assert 0 < len(kept) < 40
    spool.close()
    with Spool.resumable(spool.path.parent, spool.header.study, spool.header.day) or pytest.fail("gone") as resumed:
        await sample(resumed, at(simulator.base_url))
    assert made(spool) == planned(spool.header.study)
    assert samples(spool)[: len(kept)] == kept


async def test_a_disk_that_is_full_for_a_while_loses_no_answer(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """What was in flight is held until there is room, no further call is made meanwhile, and the run goes on."""
    spool, simulator = new_spool(new_study(samples=40, concurrency=4)), start_simulator()
    with full_disk() as make_room:
        running = asyncio.create_task(sample(spool, at(simulator.base_url)))
        for _ in range(30):
            await asyncio.sleep(0.02)
            assert simulator.stats()["requests"] <= len(samples(spool)) + 4
        assert 0 < len(samples(spool)) < 40
        make_room()
        outcome = await running
    assert outcome.run.state == "complete"
    assert made(spool) == planned(spool.header.study)
    assert simulator.stats()["requests"] == 40


async def test_an_operators_mistakes_are_found_before_anything_is_sent(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """An unknown endpoint, a missing or misquoted key, a budget without a price."""
    simulator = start_simulator()
    for endpoints, fields, sentence in (
        (at(simulator.base_url, "other"), {}, "names endpoint 'sim', which is not declared; declared: other"),
        (at(simulator.base_url, key_env="NO_SUCH_KEY"), {}, "Set NO_SUCH_KEY"),
        (at(simulator.base_url, key_env="QUOTED_KEY"), {}, "QUOTED_KEY holds a character that no key has"),
        (at(simulator.base_url), {"budget_usd": 1}, "A budget needs a price"),
    ):
        with pytest.raises(UsageError, match=sentence):
            await sample(new_spool(new_study(**fields)), endpoints, environment={"QUOTED_KEY": "“sk-12345678”"})
    assert simulator.stats()["requests"] == 0


def test_nothing_of_prefects_stands_between_a_request_and_its_answer() -> None:
    """No cache, no result store, no retries: three draws of one prompt are three calls."""
    assert sample_target.cache_policy == NO_CACHE
    assert (sample_target.persist_result, sample_target.retries) == (False, 0)


async def test_a_signal_to_end_is_raised_as_it_came(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """Not in a group: Prefect would call a run crashed that was cancelled."""

    def end(_: Progress) -> None:
        raise TerminationSignal(signal.SIGTERM)

    with pytest.raises(TerminationSignal):
        await sample(new_spool(new_study()), at(start_simulator().base_url), on_progress=end)


async def test_progress_is_told_and_ends_with_the_whole(
    start_simulator: Start, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """The last report of a target counts every call."""
    told: list[Progress] = []
    await sample(new_spool(new_study()), at(start_simulator().base_url), on_progress=told.append)
    assert told[-1] == Progress("sim/gpt-4o", 20, 20, 0)
    assert len(told) <= 3
