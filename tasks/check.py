"""The check stage: Great Expectations judges the facts of a run's rows, and raw.expectations keeps the judgements.

The one module that imports Great Expectations, and only when it judges: that takes seconds and 200 MB.
"""

import datetime as dt
import importlib.util
import logging
import os
import sys
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from typing import Any

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.core.expectations import NO_PLAN, RUN_EXPECTATIONS, SERIES_EXPECTATIONS, Expectation, Judgement
from tasks.facts import Row, facts_of_run
from tasks.settings import Settings
from tasks.warehouse import Warehouse


class ExpectationError(RuntimeError):
    """An expectation could not be judged: our error, not a failed expectation."""


def check_run(
    warehouse: Warehouse, run_id: str, judged_at: dt.datetime, *, named_by_operator: Collection[str] = ()
) -> list[Judgement]:
    """Judge one landed run, and append the judgements to raw.expectations.

    `named_by_operator` are the endpoints where a model's name is the operator's own (Azure's deployments): it says
    nothing of the model behind it. Raises UsageError for an unknown run, and ExpectationError where judging goes wrong.
    """
    facts = facts_of_run(warehouse, run_id, named_by_operator)
    judging = _Judging(run_id, facts.has_plan, judged_at)
    judgements = judging.judge(RUN_EXPECTATIONS, [facts.run]) + judging.judge(SERIES_EXPECTATIONS, facts.series)
    # All or none: a run with some of its judgements would count as judged.
    with warehouse.transaction():
        warehouse.connection.executemany(
            "insert into raw.expectations values (?, ?, ?, ?, ?, ?, ?, ?)", [astuple(one) for one in judgements]
        )
    return judgements


@dataclass(frozen=True, slots=True)
class _Judging:
    run_id: str
    has_plan: bool
    judged_at: dt.datetime

    def judge(self, expectations: Sequence[Expectation], rows: Sequence[Row]) -> list[Judgement]:
        """Each expectation judged on the frame of `rows`, in order."""
        totals = _totals(rows)
        applicable = [e for e in expectations if (self.has_plan or not e.needs_plan) and totals.get(e.among)]
        successes = _validate(applicable, rows)
        return [self._judgement(e, totals, successes.get(e.breaks)) for e in expectations]

    def _judgement(self, expectation: Expectation, totals: Row, success: bool | None) -> Judgement:
        is_applicable = success is not None
        absent = NO_PLAN if expectation.needs_plan and not self.has_plan else expectation.absent
        return Judgement(
            run_id=self.run_id,
            expectation=expectation.name,
            severity=expectation.severity,
            applicable=is_applicable,
            success=success,
            observed=expectation.found.format(**totals) if is_applicable else absent,
            unexpected_count=totals[expectation.breaks] if is_applicable else None,
            judged_at=self.judged_at,
        )


def _totals(rows: Sequence[Row]) -> Row:
    """The facts over all rows: counts are added; of texts, the first that says something stands."""
    totals: Row = {}
    for row in rows:
        for fact, value in row.items():
            if isinstance(value, str):
                totals[fact] = totals.get(fact) or value
            else:
                totals[fact] = totals.get(fact, 0) + (value or 0)
    return totals


def _validate(expectations: Sequence[Expectation], rows: Sequence[Row]) -> dict[str, bool]:
    """Whether the fact that would break each expectation is 0 in every row, by the fact's name."""
    if not expectations:
        return {}
    gx, frames = _great_expectations()
    is_zero = gx.expectations.ExpectColumnValuesToBeBetween
    suite = gx.ExpectationSuite(
        name="run",
        expectations=[is_zero(column=e.breaks, min_value=0, max_value=0, severity=e.severity) for e in expectations],
    )
    facts = pd.DataFrame([{e.breaks: row[e.breaks] for e in expectations} for row in rows])
    results = frames.get_batch({"dataframe": facts}).validate(suite).results
    return {result.expectation_config.kwargs["column"]: _success(result) for result in results}


@cache
def _great_expectations() -> tuple[Any, Any]:
    """The library, and its definition of a batch: any data frame."""
    # Read at import; it would tell its makers what is judged here.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    _put_off("scipy.stats")
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    # It sets this logger's level itself, to tell of each temporary directory.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("run").add_dataframe_asset("facts")
    return great_expectations, asset.add_batch_definition_whole_dataframe("facts")


def _put_off(module: str) -> None:
    """Have `module` loaded when something in it is used: half a second for one that no expectation of ours needs."""
    parent, _, name = module.rpartition(".")
    spec = importlib.util.find_spec(module)
    if module in sys.modules or spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    sys.modules[module] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[module])
    setattr(importlib.import_module(parent), name, sys.modules[module])


def _success(result: Any) -> bool:
    """Raises ExpectationError where judging went wrong: Great Expectations reports that as a failed expectation."""
    info = result.exception_info
    # One dictionary of the expectation's own, or one for each metric that it needs.
    for problem in [info] if "raised_exception" in info else info.values():
        if problem["raised_exception"]:
            column = result.expectation_config.kwargs["column"]
            raise ExpectationError(f"Great Expectations could not judge {column!r}: {problem['exception_message']}")
    return bool(result.success)


@task(name="check", cache_policy=NO_CACHE, retries=0, persist_result=False)
def check_runs(
    settings: Settings, run_ids: Sequence[str], judged_at: dt.datetime, named_by_operator: Collection[str] = ()
) -> list[Judgement]:
    """`check_run` on each run, in the warehouse of `settings`."""
    # Before the warehouse is opened: nobody should wait for it that long.
    _great_expectations()
    with Warehouse.open(settings) as warehouse:
        judged = (check_run(warehouse, run, judged_at, named_by_operator=named_by_operator) for run in run_ids)
        return [judgement for judgements in judged for judgement in judgements]
