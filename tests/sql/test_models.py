"""What holds for every mart: its header, its shape, its grain, and what it may read."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.sql_files import Model, models

MODELS = {model.table: model for model in models("mart")}
RESTATES_DAYS = {"mart.quality_by_run", "mart.text_settings_by_study"}
RECORDINGS = Path(__file__).parents[1] / "data"

each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())


@each_model
def test_a_model_says_what_it_is(model: Model) -> None:
    """Its header says what it holds, at which grain, and how it is made."""
    assert model.header["what"].endswith(".")
    assert model.header["grain"]
    assert len({"by day", "by period", "whole", "view"} & model.header.keys()) == 1


@each_model
def test_a_model_is_one_select_that_ends_in_final(model: Model) -> None:
    """Import CTEs first, named steps, and `select * from final` last."""
    assert model.select.endswith("\nselect * from final\n")
    assert ";" not in re.sub("--.*", "", model.select)


@each_model
def test_a_model_knows_no_clock_and_no_parameter_but_the_days(model: Model) -> None:
    """The same samples give the same marts on every day."""
    assert not re.search(r"\b(now|today|current_\w+)\b|random\(", model.select)
    parameters = set(re.findall(r"\$(\w+)", model.select))
    assert parameters == ({"days"} if model.made_anew else set())


@each_model
def test_a_model_reads_only_layers_below(model: Model) -> None:
    """Marts read raw, stg and marts; those by day no mart that is made whole, but those whose changes restate days."""
    reads = set(re.findall(r"(?<!distinct )(?:from|join) (\w+\.\w+)", model.select))
    assert {read.split(".")[0] for read in reads} <= {"raw", "stg", "mart"}
    if "by day" in model.header:
        assert all(read in RESTATES_DAYS or read not in MODELS or "by day" in MODELS[read].header for read in reads)


@each_model
def test_a_model_has_one_row_a_grain(model: Model, marts: Callable[..., Any], line: Callable[..., Any]) -> None:
    """The columns of the grain name each row once."""
    days = ["2026-03-01", "2026-03-02"]
    lines = [
        line(day, top={token: pct, "T": 100 - pct}, fingerprint=fingerprint, text=token, prompt=prompt)
        for day in days
        for prompt in ("flip", "toss")
        for fingerprint in ("fp_1", "fp_2", None)
        for token, pct in (("Heads", 90.0), ("Heads", 90.0), ("Heads", 90.005), ("Tails", 80.0))
    ]
    query = marts([*lines, line(status=500, response=None)])
    (row,) = query(f"select count(*) as n, count(distinct ({model.header['grain']})) as grains from {model.table}")
    assert row["n"] == row["grains"]
    assert row["n"] > 0 or model.table in {"mart.quality_by_run", "mart.distance_effects_overall"}
