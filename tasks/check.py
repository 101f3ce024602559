"""The check stage: Great Expectations judges the facts of a run's rows, and raw.expectations keeps the judgements."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.core.expectations import NO_PLAN, RUN_EXPECTATIONS, SERIES_EXPECTATIONS, Expectation, Judgement
from tasks.facts import Row, facts_of_run
from tasks.judging import Judging
from tasks.landed import later_than
from tasks.settings import Settings
from tasks.sql_files import statement
from tasks.tested import append
from tasks.warehouse import Warehouse


def check_run(
    warehouse: Warehouse,
    run_id: str,
    judged_at: dt.datetime,
    judging: Judging,
    *,
    named_by_operator: Collection[str] = (),
) -> list[Judgement]:
    """Judge one landed run, and append the judgements to raw.expectations.

    `named_by_operator` are the endpoints where a model's name is the operator's own (Azure's deployments): it says
    nothing of the model behind it. Raises UsageError for an unknown run, and ExpectationError where judging goes wrong.
    """
    facts = facts_of_run(warehouse, run_id, named_by_operator)
    (said,) = warehouse.rows(statement("check/said_of_run"), {"run_id": run_id})
    # Never before its landing, nor before an older judgement: a clock may have been ahead then.
    judged_at = max(later_than(said["judged_at"], judged_at), said["landed_at"])
    case = _Case(run_id, facts.has_plan, judged_at, judging)
    judgements = case.judge(RUN_EXPECTATIONS, [facts.run]) + case.judge(SERIES_EXPECTATIONS, facts.series)
    # All or none: a run with some of its judgements would count as judged.
    with warehouse.transaction():
        append(warehouse, "raw.expectations", [asdict(one) for one in judgements])
    return judgements


@dataclass(frozen=True, slots=True)
class _Case:
    run_id: str
    has_plan: bool
    judged_at: dt.datetime
    judging: Judging

    def judge(self, expectations: Sequence[Expectation], rows: Sequence[Row]) -> list[Judgement]:
        """Each expectation judged on the frame of `rows`, in order."""
        totals = _totals(rows)
        applicable = [e for e in expectations if (self.has_plan or not e.needs_plan) and totals.get(e.among)]
        successes = self.judging.judge(applicable, rows)
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


@task(name="check", task_run_name="check", cache_policy=NO_CACHE, retries=0, persist_result=False)
def check_runs(
    settings: Settings,
    run_ids: Sequence[str],
    judged_at: dt.datetime,
    judging: Judging,
    named_by_operator: Collection[str] = (),
) -> list[Judgement]:
    """`check_run` on each run, in the warehouse of `settings`."""
    # Before the warehouse is opened: nobody should wait for it that long.
    judging.wait()
    with Warehouse.open(settings) as warehouse:
        judged = (check_run(warehouse, run, judged_at, judging, named_by_operator=named_by_operator) for run in run_ids)
        return [judgement for judgements in judged for judgement in judgements]
