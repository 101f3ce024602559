"""The facts of a run's rows, for the check stage to judge: SQL counts them, names of models are compared here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.core.errors import UsageError
from tasks.core.plan import SeriesKey, series_of_study
from tasks.core.served_model import match_served_model
from tasks.core.study import Study
from tasks.sql_files import statement
from tasks.warehouse import Warehouse

Row = dict[str, Any]

PLANNED_SERIES = """
create or replace temp table planned_series (
    study varchar,
    endpoint varchar,
    model varchar,
    arm varchar,
    prompt varchar,
    planned bigint
)
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run's rows are, in counts: one row of the run, and one of each of its series, planned or sampled."""

    has_plan: bool
    run: Row
    series: list[Row]


def facts_of_run(warehouse: Warehouse, run_id: str, named_by_operator: Collection[str]) -> Facts:
    """The facts of one landed run. Raises UsageError for an unknown one."""
    runs = warehouse.rows(statement("check/run"), {"run_id": run_id})
    if not runs:
        raise UsageError(f"The warehouse has no run {run_id!r}.")
    planned = _planned(runs[0])
    _declare(warehouse, planned)
    series = warehouse.rows(statement("check/series_facts"), {"run_id": run_id})
    served = _served_by_series(warehouse, run_id)
    for row in series:
        is_comparable = row["endpoint"] not in named_by_operator
        row |= _model_facts(row["model"], served.get(_key(row), {}) if is_comparable else {})
    return Facts(bool(planned), _run_facts(runs[0], series), series)


def _planned(run: Row) -> dict[SeriesKey, int]:
    """Samples planned by series; empty for an import, which has no plan."""
    if run["kind"] != "run" or run["configuration"] is None:
        return {}
    study = Study.model_validate_json(run["configuration"])
    return {series.key: study.samples for series in series_of_study(study)}


def _declare(warehouse: Warehouse, planned: Mapping[SeriesKey, int]) -> None:
    warehouse.execute(PLANNED_SERIES)
    if planned:
        rows = [[*key, samples] for key, samples in planned.items()]
        warehouse.connection.executemany("insert into planned_series values (?, ?, ?, ?, ?, ?)", rows)


def _key(row: Row) -> SeriesKey:
    return SeriesKey(*(row[column] for column in SeriesKey._fields))


def _served_by_series(warehouse: Warehouse, run_id: str) -> dict[SeriesKey, dict[str, int]]:
    """Answers by the name of the model that gave them, the commonest first."""
    served: dict[SeriesKey, dict[str, int]] = {}
    for row in warehouse.rows(statement("check/served_models"), {"run_id": run_id}):
        served.setdefault(_key(row), {})[row["served_model"]] = row["n"]
    return served


def _model_facts(requested: str, served: Mapping[str, int]) -> Row:
    """How many answers came from another model, and from another family; and the commonest of each."""
    matches = {name: match_served_model(requested, name) for name in served}
    others = [name for name, match in matches.items() if match != "same"]
    strangers = [name for name, match in matches.items() if match == "other"]
    return {
        "with_served_model": sum(served.values()),
        "of_other_model": sum(served[name] for name in others),
        "of_other_family": sum(served[name] for name in strangers),
        "other_model": f": {others[0]} for {requested}" if others else "",
        "other_family": f": {strangers[0]} for {requested}" if strangers else "",
    }


def _run_facts(run: Row, series: Sequence[Row]) -> Row:
    """Completeness: judged against what was attempted, since a run may stop at a budget, deadline or refusal."""
    planned, attempted = run["planned"] or 0, run["attempted"] or 0
    is_incomplete = run["state"] != "complete"
    return {
        "planned": planned,
        "attempted": attempted,
        "missing": max(attempted - sum(row["planned_present"] for row in series), 0),
        "shortfalls": max(planned - attempted, int(is_incomplete)),
        "because": f": {run['reason'].rstrip('.')}" if is_incomplete and run["reason"] else "",
    }
