"""Outcomes, cost, series, thresholds, judgements and runs."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.aggregate import aggregate
from tasks.core.runs import Run
from tasks.core.study import Message, Prompt, Study, Target
from tasks.land import land_run
from tasks.sql_files import models
from tasks.warehouse import Warehouse

Marts = Callable[..., Callable[[str], list[dict[str, Any]]]]
MakeLine = Callable[..., dict[str, Any]]
NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
GPT_4O = ("openai", "gpt-4o", 2.5, 10.0)
JUDGE = "insert into raw.expectations values ('import-1', 'an_expectation', $severity, true, $success, '', 0, $at)"


def judge(warehouse: Warehouse, success: bool, severity: str = "critical", hour: int = 0) -> None:
    """Append a judgement of run import-1."""
    warehouse.execute(JUDGE, {"severity": severity, "success": success, "at": NOW + dt.timedelta(hours=hour)})


def test_outcomes_count_every_sample_once(marts: Marts, line: MakeLine) -> None:
    """outcomes_by_day: by outcome and status, with attempts and latency."""
    query = marts(
        [line(latency_s=1.0), line(latency_s=2.0), line(status=429, response=None, attempts=6, latency_s=None)]
    )
    rows = query(
        "select outcome, status, n, attempts, mean_latency_s, max_latency_s from mart.outcomes_by_day order by n"
    )
    assert [tuple(row.values()) for row in rows] == [("failed", 429, 1, 6, None, None), ("ok", 200, 2, 2, 1.5, 2.0)]


def test_cost_is_tokens_times_price(marts: Marts, line: MakeLine) -> None:
    """cost_by_day: 13 tokens in and 1 out a call; a failed call costs nothing."""
    query = marts([line(), line(), line(status=500, response=None)], [GPT_4O])
    (row,) = query("select calls, prompt_tokens, completion_tokens, usd from mart.cost_by_day")
    assert tuple(row.values()) == (3, 26, 2, pytest.approx((26 * 2.5 + 2 * 10) / 1e6))


def test_an_unknown_cost_is_null(marts: Marts, line: MakeLine) -> None:
    """cost_by_day: without a price, or where an answer does not say its tokens."""
    assert marts([line()])("select usd from mart.cost_by_day") == [{"usd": None}]
    assert marts([line("2026-03-02", prompt_tokens=None)], [GPT_4O])(
        "select usd from mart.cost_by_day where day = '2026-03-02'"
    ) == [{"usd": None}]


def test_a_dated_name_takes_its_aliass_price(marts: Marts, line: MakeLine) -> None:
    """cost_by_day: the longest alias; gpt-4o-mini is not a dated gpt-4o."""
    lines = [
        line(request={"model": model, "messages": []}, model=model) for model in ("gpt-4o-2024-08-06", "gpt-4o-mini")
    ]
    rows = marts(lines, [GPT_4O, ("openai", "gpt-4o-2024-08-06", 1.0, 1.0)])(
        "select usd from mart.cost_by_day order by model"
    )
    assert [row["usd"] for row in rows] == [pytest.approx(14e-6), None]


def test_series_have_the_request_of_their_last_day(marts: Marts, line: MakeLine) -> None:
    """series: one row a series, with its period, token and who served it."""
    request = {"model": "gpt-4o", "messages": [], "seed": 1}
    query = marts(
        [line(), line("2026-03-05", request=request, model="gpt-4o-2024-08-06"), line(status=500, response=None)]
    )
    (row,) = query("from mart.series")
    assert (row["first_day"].day, row["last_day"].day, row["days"]) == (1, 5, 2)
    assert (row["samples"], row["observed"], row["is_simulated"]) == (3, 2, False)
    assert (row["follow"], row["token"], row["served_models"]) == ("Heads", "Heads", ["gpt-4o", "gpt-4o-2024-08-06"])
    assert row["request"] == '{"messages":[],"model":"gpt-4o","seed":1}'


def test_the_token_of_a_series_that_follows_none_is_its_commonest_top(marts: Marts, line: MakeLine) -> None:
    """series: the top token, which may differ from answer to answer."""
    tops = [{"Hi": 60.0, "Hello": 40.0}, {"Hi": 40.0, "Hello": 60.0}, {"Hi": 40.0, "Hello": 60.0}]
    (row,) = marts(line(top=top, follow=None) for top in tops)("select follow, token from mart.series")
    assert tuple(row.values()) == (None, "Hello")


def test_simulated_answers_mark_their_series_and_run(marts: Marts, line: MakeLine) -> None:
    """series, runs: by the header that the simulator sends."""
    query = marts([line(), line(headers={"x-flipbook-simulated": "1"})])
    assert (
        query("select is_simulated from mart.series union all select is_simulated from mart.runs")
        == [{"is_simulated": True}] * 2
    )


def test_thresholds_are_the_latest_runs(warehouse: Warehouse, tmp_path: Path) -> None:
    """thresholds_by_study: from the configuration of the run that started last."""
    file = tmp_path / "spool.ndjson"
    file.touch()
    prompts, targets = (Prompt(name="p", messages=(Message(content="x"),)),), (Target(endpoint="openai", model="m"),)
    for number, thresholds in enumerate([(5.0,), (0.5, 0.05)]):
        study = Study(name="coin-flip", prompts=prompts, targets=targets, thresholds_pp=thresholds)
        at = NOW + dt.timedelta(hours=number)
        run = Run(
            run_id=f"run-{number}",
            kind="run",
            study="coin-flip",
            state="complete",
            day=NOW.date(),
            started_at=at,
            ended_at=at,
            configuration=study.configuration,
        )
        land_run(warehouse, run, [file], NOW)
    warehouse.execute("create table mart.calls_by_day as select 'coin-flip' as study")
    (model,) = [model for model in models("mart") if model.table == "mart.thresholds_by_study"]
    rows = warehouse.rows(f"select threshold_pp, is_first from ({model.select}) order by threshold_pp")
    assert [tuple(row.values()) for row in rows] == [(0.05, False), (0.5, True)]


def test_the_latest_judgement_counts(warehouse: Warehouse, marts: Marts, line: MakeLine) -> None:
    """quality_by_run: a run that is judged again has one row an expectation."""
    judge(warehouse, False)
    judge(warehouse, True, hour=1)
    rows = marts([line(run_id="import-1")])("select run_id, success from mart.quality_by_run")
    assert [tuple(row.values()) for row in rows] == [("import-1", True)]


@pytest.mark.parametrize(("severity", "is_withheld"), [("critical", True), ("warning", False)])
def test_a_failed_critical_expectation_keeps_a_run_out(
    severity: str, is_withheld: bool, warehouse: Warehouse, marts: Marts, line: MakeLine
) -> None:
    """Every mart but runs, runs_by_day and quality_by_run is without it; a warning keeps nothing out."""
    judge(warehouse, False, severity)
    other = line(run_id="import-1", top={"Heads": 80.0, "T": 10.0}, fingerprint="fp_2")
    query = marts([line(run_id="import-1"), other, line(run_id="import-1", status=500, response=None)])
    (run,) = query("select samples, failures, is_withheld from mart.runs")
    assert tuple(run.values()) == (3, 1, is_withheld)
    tables = query("select table_name as name from duckdb_tables() where schema_name = 'mart'")
    kept = {row["name"] for row in tables if query(f"select count(*) as n from mart.{row['name']}")[0]["n"] == 0}
    assert len(tables) > 20
    apart = {"runs", "runs_by_day", "quality_by_run"}
    # Only a 2 x 2 of arms with embeddings has effects on distances.
    assert kept == ({row["name"] for row in tables} - apart if is_withheld else {"distance_effects_overall"})


def test_a_run_released_by_a_later_judgement_comes_back(warehouse: Warehouse, marts: Marts, line: MakeLine) -> None:
    """Nothing is deleted: judged well, its rows are in the marts again."""
    judge(warehouse, False)
    query = marts([line(run_id="import-1")])
    assert query("from mart.value_counts_by_day") == []
    judge(warehouse, True, hour=1)
    aggregate(warehouse, [dt.date(2026, 3, 1)], [])
    assert query("select n from mart.value_counts_by_day") == [{"n": 1}]


def test_runs_count_their_rejects(marts: Marts, line: MakeLine) -> None:
    """runs: bad lines of the file stand beside its samples."""
    broken = {**line(), "status": "fine"}
    (row,) = marts([line(), broken])("select kind, samples, rejects, is_withheld from mart.runs")
    assert tuple(row.values()) == ("import", 1, 1, False)
