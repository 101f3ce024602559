"""The check stage: each expectation with rows that meet it and rows that do not."""

import datetime as dt
import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks import check
from tasks.aggregate import aggregate
from tasks.check import check_run, check_runs
from tasks.core.errors import UsageError
from tasks.core.expectations import Expectation, Judgement, is_withheld
from tasks.core.runs import Run
from tasks.core.study import Arm, Message, Prompt, Study, Target
from tasks.facts import facts_of_run
from tasks.judging import ExpectationError, Judging
from tasks.land import land_run
from tasks.settings import Settings
from tasks.sql_files import statement
from tasks.warehouse import Warehouse

Line = dict[str, Any]
MakeLine = Callable[..., Line]
Check = Callable[..., dict[str, Judgement]]

DAY = dt.date(2026, 3, 1)
STARTED_AT = dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
STUDY = Study(
    name="coin-flip",
    prompts=(Prompt(name="flip", messages=(Message(content="Flip a coin."),)),),
    targets=(Target(endpoint="openai", model="gpt-4o", follow="Heads"),),
    arms=(Arm(top_logprobs=2),),
    samples=3,
)
COMPLETE: dict[str, Any] = {"state": "complete", "planned": 3, "attempted": 3}


@pytest.fixture
def judged(warehouse: Warehouse, tmp_path: Path, judging: Judging) -> Check:
    """Lands lines as a run of STUDY, whose fields can be given, and judges it; gives judgements by expectation."""

    def land_and_judge(lines: Iterable[Line], **fields: Any) -> dict[str, Judgement]:
        file = tmp_path / "spool.ndjson"
        file.write_text(
            "".join(json.dumps({"repeat": n} | line) + "\n" for n, line in enumerate(lines)), encoding="utf-8"
        )
        run = {
            "run_id": "run-1",
            "kind": "run",
            "study": STUDY.name,
            "day": DAY,
            "started_at": STARTED_AT,
            "ended_at": STARTED_AT + dt.timedelta(hours=1),
            "configuration": STUDY.configuration,
        }
        land_run(warehouse, Run(**(run | COMPLETE | fields)), [file], NOW)
        return {judgement.expectation: judgement for judgement in check_run(warehouse, "run-1", NOW, judging)}

    return land_and_judge


@pytest.fixture
def sample(line: MakeLine) -> MakeLine:
    """A line of the run that `judged` lands."""
    return lambda **fields: line(**({"arm": "default", "run_id": "run-1"} | fields))


def three(sample: MakeLine, **odd: Any) -> list[Line]:
    """The planned three samples, the last of them odd."""
    return [sample(), sample(), sample(**odd)]


def test_a_good_run_meets_everything(judged: Check, sample: MakeLine) -> None:
    """Each expectation is applicable, and met."""
    judgements = judged(three(sample))
    assert [j.expectation for j in judgements.values() if not (j.applicable and j.success)] == []
    assert judgements["no_sample_is_there_twice"].observed == (
        "0 of 3 samples are there again, in the same series, day and repeat."
    )


LIST = {"Heads": 60.0, "T": 40.0}
ODD_SAMPLES = [
    ("no_sample_is_there_twice", "critical", {"repeat": 0}),
    ("every_sample_was_planned", "warning", {"repeat": 3}),
    ("every_sample_was_planned", "warning", {"prompt": "toss"}),
    ("every_attempted_sample_is_there", "warning", {"prompt": "toss"}),
    ("status_and_outcome_agree", "critical", {"status": 500}),
    ("status_and_outcome_agree", "critical", {"response": None}),
    ("served_model_is_of_the_requested_family", "critical", {"model": "gpt-4o-mini"}),
    ("served_model_is_the_requested_one", "warning", {"model": "/models/gpt.gguf"}),
    ("logprobs_are_finite_and_not_positive", "warning", {"top": {"Heads": 200.0, "T": 1.0}}),
    ("list_has_the_requested_length", "warning", {"top": LIST | {"x": 0.0001}}),
    ("list_is_sorted", "warning", {"top": {"T": 40.0, "Heads": 60.0}}),
    ("list_sums_to_at_most_one", "warning", {"top": {"Heads": 60.0, "T": 40.02}}),
    ("prompt_tokens_are_constant", "warning", {"prompt_tokens": 14}),
    ("response_ids_are_unique", "warning", {"id": "chatcmpl-0"}),
    ("fingerprints_look_like_fingerprints", "warning", {"fingerprint": "unknown"}),
    ("latency_is_plausible", "warning", {"latency_s": -1.0}),
    ("latency_is_plausible", "warning", {"latency_s": 4000.0}),
    ("timestamps_fall_in_the_run", "warning", {"requested_at": "2026-03-01T05:59:58Z"}),
    ("timestamps_fall_in_the_run", "warning", {"requested_at": "2026-03-01T07:00:02Z"}),
]


@pytest.mark.parametrize(("expectation", "severity", "odd"), ODD_SAMPLES)
def test_one_odd_sample_breaks_its_expectation(
    expectation: str, severity: str, odd: dict[str, Any], judged: Check, sample: MakeLine
) -> None:
    """With its severity, and the number of samples that break it."""
    judgement = judged(three(sample, **odd))[expectation]
    assert (judgement.applicable, judgement.success, judgement.severity) == (True, False, severity)
    assert judgement.unexpected_count == 1
    assert judgement.observed.startswith("1 of ")


FINE_SAMPLES = [
    ("status_and_outcome_agree", {"status": 500, "response": None, "error": "HTTP 500"}),
    ("status_and_outcome_agree", {"response": "<html>Bad gateway</html>"}),
    ("status_and_outcome_agree", {"response": None, "error": "the connection was cut"}),
    ("served_model_is_of_the_requested_family", {"model": "gpt-4o-2024-08-06"}),
    ("served_model_is_of_the_requested_family", {"model": "/models/gpt.gguf"}),
    ("served_model_is_the_requested_one", {"model": "gpt-4o-2024-08-06"}),
    ("list_sums_to_at_most_one", {"top": {"Heads": 60.0, "T": 40.005}}),
    ("list_has_the_requested_length", {"top": {}}),
    ("fingerprints_look_like_fingerprints", {"fingerprint": "b4567-abcdef"}),
    ("fingerprints_look_like_fingerprints", {"fingerprint": None}),
    ("latency_is_plausible", {"status": 0, "response": None, "error": "timeout", "latency_s": 0.0}),
    ("timestamps_fall_in_the_run", {"requested_at": "2026-03-01T06:59:59Z"}),
    ("response_ids_are_unique", {"id": None}),
]


@pytest.mark.parametrize(("expectation", "unusual"), FINE_SAMPLES)
def test_what_is_unusual_is_not_wrong(
    expectation: str, unusual: dict[str, Any], judged: Check, sample: MakeLine
) -> None:
    """A failure that says so, a dated name, a file path, rounding, something missing."""
    assert judged(three(sample, **unusual))[expectation].success is True


def test_sentinels_are_no_log_probabilities(judged: Check, sample: MakeLine) -> None:
    """-9999 says "very unlikely"; the sample is flagged and the run stays."""
    odd = sample()
    response = json.loads(odd["response"])
    response["choices"][0]["logprobs"]["content"][0]["top_logprobs"][0]["logprob"] = -9999
    judgements = judged([sample(), sample(), odd | {"response": json.dumps(response)}])
    assert judgements["logprobs_are_finite_and_not_positive"].unexpected_count == 1
    assert not is_withheld(judgements.values())


def test_a_stopped_run_is_judged_by_what_it_attempted(judged: Check, sample: MakeLine) -> None:
    """Incomplete is a warning that says why; nothing that was attempted is missing."""
    judgements = judged([sample(), sample()], state="incomplete", attempted=2, reason="stopped at its budget of $1.")
    incomplete = judgements["run_is_complete"]
    assert (incomplete.success, incomplete.severity, incomplete.unexpected_count) == (False, "warning", 1)
    assert incomplete.observed == "2 of 3 planned samples were attempted: stopped at its budget of $1."
    assert judgements["every_attempted_sample_is_there"].success is True
    assert not is_withheld(judgements.values())


def test_a_run_that_landed_by_a_clock_that_was_ahead_is_judged_once(
    judged: Check, sample: MakeLine, warehouse: Warehouse, judging: Judging
) -> None:
    """By a clock that is right again, and by one that went back; the last judgement stands."""
    judged(three(sample))
    warehouse.execute("update raw.runs set landed_at = landed_at + interval 9 day")
    warehouse.execute("delete from raw.expectations")
    for now in (NOW, NOW - dt.timedelta(days=400)):
        (judgement, *_) = check_run(warehouse, "run-1", now, judging)
        assert warehouse.rows(statement("land/unjudged_runs")) == []
        (latest,) = warehouse.column("select max(judged_at) from raw.expectations")
        assert judgement.judged_at == latest >= NOW + dt.timedelta(days=9)
    assert warehouse.column("select count(distinct judged_at) from raw.expectations") == [2]


def test_a_run_that_got_nothing_is_judged_too(judged: Check) -> None:
    """Planned series without a sample."""
    judgements = judged([], state="incomplete", attempted=0, reason="cancelled")
    assert judgements["run_is_complete"].unexpected_count == 3
    assert judgements["no_sample_is_there_twice"].observed == "The run has no sample."


def test_an_import_has_no_plan(
    warehouse: Warehouse, land: Callable[..., Any], line: MakeLine, judging: Judging
) -> None:
    """What needs a plan is not applicable; the rest is judged."""
    (run_id,) = land([line(), line()]).unjudged
    judgements = check_run(warehouse, run_id, NOW, judging)
    assert {j.expectation for j in judgements if not j.applicable} == {
        "run_is_complete",
        "every_attempted_sample_is_there",
        "every_sample_was_planned",
        "timestamps_fall_in_the_run",
    }
    assert {(j.success, j.observed, j.unexpected_count) for j in judgements if not j.applicable} == {
        (None, "An import has no plan.", None)
    }
    assert all(j.success for j in judgements if j.applicable)


def test_repeats_of_an_import_are_its_recorders_own(
    warehouse: Warehouse, land: Callable[..., Any], line: MakeLine, judging: Judging
) -> None:
    """Whoever numbered every call 0 still recorded two calls: nothing is withheld."""
    (run_id,) = land([line(repeat=0), line(repeat=0)]).unjudged
    judgements = {judgement.expectation: judgement for judgement in check_run(warehouse, run_id, NOW, judging)}
    assert judgements["no_sample_is_there_twice"].success is True
    assert not is_withheld(judgements.values())


def test_what_cannot_be_observed_is_not_applicable(judged: Check, sample: MakeLine) -> None:
    """Without lists and fingerprints nothing is said of them."""
    judgements = judged([sample(top={}, fingerprint=None) for _ in range(3)])
    for name in ("list_is_sorted", "logprobs_are_finite_and_not_positive", "fingerprints_look_like_fingerprints"):
        assert (judgements[name].applicable, judgements[name].success) == (False, None)
    assert judgements["fingerprints_look_like_fingerprints"].observed == "No answer has a fingerprint."


def test_deployments_have_names_of_their_operators(
    warehouse: Warehouse, land: Callable[..., Any], line: MakeLine, judging: Judging
) -> None:
    """At Azure, `my-deployment` may be served by any model."""
    request = {"model": "my-deployment", "messages": []}
    (run_id,) = land([line(request=request, model="gpt-4o-2024-08-06")]).unjudged
    assert is_withheld(check_run(warehouse, run_id, NOW, judging))
    assert not is_withheld(check_run(warehouse, run_id, NOW, judging, named_by_operator={"openai"}))


def test_an_edited_request_may_have_other_prompt_tokens(
    warehouse: Warehouse, land: Callable[..., Any], line: MakeLine, judging: Judging
) -> None:
    """Prompt tokens are constant within one request."""
    edited = {"model": "gpt-4o", "messages": [], "seed": 1}
    (run_id,) = land([line(), line(request=edited, prompt_tokens=20)]).unjudged
    judgements = {j.expectation: j for j in check_run(warehouse, run_id, NOW, judging)}
    assert judgements["prompt_tokens_are_constant"].success is True


@pytest.mark.parametrize(("odd", "withheld"), [({"model": "gpt-4o-mini"}, True), ({"latency_s": -1.0}, False)])
def test_a_critical_failure_keeps_the_run_out_of_the_marts(
    odd: dict[str, Any], withheld: bool, warehouse: Warehouse, judged: Check, sample: MakeLine
) -> None:
    """A warning does not; the run stands in mart.runs either way."""
    judgements = judged(three(sample, **odd))
    aggregate(warehouse, [DAY], [])
    assert is_withheld(judgements.values()) is withheld
    assert warehouse.rows("select samples, is_withheld from mart.runs") == [{"samples": 3, "is_withheld": withheld}]
    assert warehouse.rows("select count(*) as n from mart.series") == [{"n": 0 if withheld else 1}]


def test_judgements_are_kept_and_the_latest_counts(
    warehouse: Warehouse, judged: Check, sample: MakeLine, judging: Judging
) -> None:
    """Nothing is overwritten."""
    count = len(judged(three(sample)))
    check_run(warehouse, "run-1", NOW + dt.timedelta(hours=1), judging)
    assert warehouse.rows("select count(*) as n from raw.expectations") == [{"n": 2 * count}]
    aggregate(warehouse, [DAY], [])
    assert warehouse.rows("select count(*) as n from mart.quality_by_run") == [{"n": count}]


def test_several_series_are_judged_together(
    warehouse: Warehouse, land: Callable[..., Any], line: MakeLine, judging: Judging
) -> None:
    """One series breaks what another meets; the sentence counts both."""
    (run_id,) = land([line(), line(), line(prompt="toss", latency_s=0.0)]).unjudged
    judgement = next(j for j in check_run(warehouse, run_id, NOW, judging) if j.expectation == "latency_is_plausible")
    assert judgement.observed == "1 of 3 answers took no time, or more than an hour."


def test_an_unknown_run_is_named(warehouse: Warehouse, judging: Judging) -> None:
    """One sentence, no traceback."""
    with pytest.raises(UsageError, match="no run 'run-9'"):
        check_run(warehouse, "run-9", NOW, judging)


def test_an_exception_while_judging_is_an_error_of_ours(
    warehouse: Warehouse, land: Callable[..., Any], line: MakeLine, monkeypatch: pytest.MonkeyPatch, judging: Judging
) -> None:
    """Great Expectations hides it in a failed expectation; nothing is kept of such a run."""
    (run_id,) = land([line()]).unjudged
    of_text = Expectation("of_text", "warning", breaks="other_model", among="samples", found="", absent="")
    monkeypatch.setattr(check, "SERIES_EXPECTATIONS", (of_text,))
    with pytest.raises(ExpectationError, match="could not judge"):
        check_run(warehouse, run_id, NOW, judging)
    assert warehouse.rows("from raw.expectations") == []


def test_judgements_are_kept_together_or_not_at_all(
    warehouse: Warehouse, land: Callable[..., Any], line: MakeLine, monkeypatch: pytest.MonkeyPatch, judging: Judging
) -> None:
    """A process that is stopped half way leaves none: with some of them, a run would count as judged."""
    (run_id,) = land([line()]).unjudged
    refused = Expectation("refused", None, breaks="n", among="n", found="", absent="")  # type: ignore[arg-type]
    monkeypatch.setattr(check, "SERIES_EXPECTATIONS", (refused,))
    with pytest.raises(duckdb.ConstraintException):
        check_run(warehouse, run_id, NOW, judging)
    assert warehouse.rows("from raw.expectations") == []


def test_the_task_opens_the_warehouse_itself(tmp_path: Path, judging: Judging) -> None:
    """The task is a thin cover."""
    assert check_runs.fn(Settings(warehouse=str(tmp_path / "own.duckdb")), [], NOW, judging) == []


def test_facts_are_one_row_a_planned_series(warehouse: Warehouse, judged: Check, sample: MakeLine) -> None:
    """A planned series without a sample has a row, and so has a sampled one without a plan."""
    judged([sample(prompt="toss")])
    facts = facts_of_run(warehouse, "run-1", ())
    assert {(row["prompt"], row["planned"], row["samples"]) for row in facts.series} == {
        ("flip", 3, 0),
        ("toss", None, 1),
    }
    assert not any(isinstance(value, float) and math.isnan(value) for row in facts.series for value in row.values())
