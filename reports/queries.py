"""The questions pages ask. Every one is a file in sql/report; who runs it is the caller's affair."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter

from reports import rows

Query = Callable[[str, Mapping[str, object]], list[dict[str, Any]]]
"""The name of a file in sql/report and its parameters, to the rows it returns."""

R = TypeVar("R", bound=rows.Row)


@dataclass(frozen=True, slots=True)
class IndexRows:
    """What the index shows."""

    studies: list[rows.StudyRow]
    series: list[rows.SeriesRow]
    days: list[rows.SparkRow]
    changes: list[rows.ChangeRow]
    models: list[str]
    has_fingerprints: bool


@dataclass(frozen=True, slots=True)
class StudyRows:
    """What a study page shows, over all its days."""

    study: rows.StudyRow
    models: list[str]
    series: list[rows.SeriesRow]
    spread: list[rows.DayRow]
    discs: list[rows.DiscRow]
    clusters: list[rows.ClusterRow]
    values: list[rows.ValueRow]
    fingerprints: list[rows.FingerprintDayRow]
    lifetimes: list[rows.LifetimeRow]
    sequence: list[rows.SequenceRow]
    requests: list[rows.RequestRow]
    outcomes: list[rows.OutcomeRow]
    runs: list[rows.RunRow]
    quality: list[rows.QualityRow]
    cost: list[rows.CostRow]


@dataclass(frozen=True, slots=True)
class DayRows:
    """What a day page shows: the day, and each series' previous day where there is one."""

    spread: list[rows.DayRow]
    clusters: list[rows.ClusterRow]
    values: list[rows.ValueRow]
    fingerprints: list[rows.FingerprintDayRow]
    sequence: list[rows.SequenceRow]
    outcomes: list[rows.OutcomeRow]
    runs: list[rows.RunRow]
    quality: list[rows.QualityRow]
    cost: list[rows.CostRow]


def index_rows(query: Query) -> IndexRows:
    """Every study and series of the warehouse."""
    return IndexRows(
        studies=_read(query, "studies", rows.StudyRow),
        series=_read(query, "series", rows.SeriesRow),
        days=_read(query, "index_days", rows.SparkRow),
        changes=_read(query, "index_changes", rows.ChangeRow),
        models=[row["model"] for row in query("models", {})],
        has_fingerprints=bool(query("index_fingerprints", {})[0]["has_fingerprints"]),
    )


def study_rows(query: Query, study: rows.StudyRow, index: IndexRows) -> StudyRows:
    """Everything about one study."""
    of = {"study": study.study}
    return StudyRows(
        study=study,
        models=index.models,
        series=[row for row in index.series if row.study == study.study],
        spread=_read(query, "study_spread_by_day", rows.DayRow, of),
        discs=_read(query, "study_discs_by_day", rows.DiscRow, of),
        clusters=_read(query, "study_clusters", rows.ClusterRow, of),
        values=_read(query, "study_values", rows.ValueRow, of),
        fingerprints=_read(query, "study_fingerprints_by_day", rows.FingerprintDayRow, of),
        lifetimes=_read(query, "study_fingerprints", rows.LifetimeRow, of),
        sequence=_read(query, "study_sequence", rows.SequenceRow, of),
        requests=_read(query, "study_requests", rows.RequestRow, of),
        outcomes=_read(query, "study_outcomes_by_day", rows.OutcomeRow, of),
        runs=_read(query, "study_runs", rows.RunRow, of),
        quality=_read(query, "study_quality", rows.QualityRow, of),
        cost=_read(query, "study_cost_by_day", rows.CostRow, of),
    )


def day_rows(query: Query, study: str, day: dt.date) -> DayRows:
    """Everything about one day of a study."""
    of = {"study": study, "day": day}
    return DayRows(
        spread=_read(query, "day_spread", rows.DayRow, of),
        clusters=_read(query, "day_clusters", rows.ClusterRow, of),
        values=_read(query, "day_values", rows.ValueRow, of),
        fingerprints=_read(query, "day_fingerprints", rows.FingerprintDayRow, of),
        sequence=_read(query, "day_sequence", rows.SequenceRow, of),
        outcomes=_read(query, "day_outcomes", rows.OutcomeRow, of),
        runs=_read(query, "day_runs", rows.RunRow, of),
        quality=_read(query, "study_quality", rows.QualityRow, {"study": study}),
        cost=_read(query, "day_cost", rows.CostRow, of),
    )


def study_days(query: Query, study: str) -> list[dt.date]:
    """The days of a study that have a page, oldest first."""
    return [row["day"] for row in query("study_days", {"study": study})]


def _read(query: Query, name: str, row: type[R], parameters: Mapping[str, object] | None = None) -> list[R]:
    found = [{**(parameters or {}), **line} for line in query(name, parameters or {})]
    return TypeAdapter(list[row]).validate_python(found)  # type: ignore[valid-type]
