"""The questions pages ask. Every one is a file in sql/report; who runs it is the caller's affair."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from pydantic import TypeAdapter

from reports import rows
from reports import rows_of_calls as call_rows
from reports import rows_of_change as change_rows
from reports import rows_of_texts as text_rows
from reports.order import by_arm, in_order
from reports.settings_of_arms import settings, settings_of

Query = Callable[[str, Mapping[str, object]], list[dict[str, Any]]]
"""The name of a file in sql/report and its parameters, to the rows it returns."""

R = TypeVar("R", bound=rows.Row)


@dataclass(frozen=True, slots=True)
class TextRows:
    """What a page shows of completions, over a study's days or of one; what a day does not show is empty there."""

    texts: list[text_rows.TextRow]
    before: list[text_rows.BeforeRow]
    completions: list[text_rows.CompletionRow]
    divergence: list[text_rows.DivergenceRow]
    distances: list[text_rows.DistanceRow]
    distance_effects: list[text_rows.DistanceEffectRow]
    totals: list[text_rows.TotalAgreementRow]
    answers: list[text_rows.AnswerRow]
    by_day: list[text_rows.ArmDayRow]
    calls: Sequence[text_rows.CallsRow]
    answer_tokens: list[text_rows.AnswerTokenRow]
    tokens: list[text_rows.TokenRow]
    configuration: text_rows.ConfigurationRow


@dataclass(frozen=True, slots=True)
class ChangeRows:
    """What a page shows of changes and what explains the values, over a study's days or of one, whose drift it is then."""

    drift: list[change_rows.DriftRow]
    counts: list[change_rows.CountsRow]
    association: list[change_rows.AssociationRow]
    effects: list[change_rows.EffectRow]
    grids: list[change_rows.GridRow]
    grids_by_day: list[change_rows.GridDayRow]
    top_lists: list[change_rows.TopListRow]


@dataclass(frozen=True, slots=True)
class IndexRows:
    """What the index shows."""

    studies: list[rows.StudyRow]
    series: list[rows.SeriesRow]
    days: list[rows.SparkRow]
    alarms: list[change_rows.AlarmRow]
    series_of_days: list[change_rows.SeriesOfDayRow]
    texts: list[text_rows.TextRow]
    text_days: list[text_rows.TextDayRow]
    models: list[str]


@dataclass(frozen=True, slots=True)
class StudyRows:
    """What a study page shows, over all its days."""

    study: rows.StudyRow
    models: list[str]
    series: list[rows.SeriesRow]
    spread: list[rows.DayRow]
    discs: list[rows.DiscsRow]
    clusters: list[rows.ClusterRow]
    values: list[rows.ValueRow]
    fingerprints: list[call_rows.FingerprintDayRow]
    lifetimes: list[call_rows.LifetimeRow]
    sequence: list[call_rows.SequenceRow]
    requests: list[call_rows.RequestRow]
    outcomes: list[call_rows.OutcomeRow]
    runs: list[call_rows.RunRow]
    quality: list[call_rows.QualityRow]
    cost: list[call_rows.CostRow]
    text: TextRows
    change: ChangeRows


@dataclass(frozen=True, slots=True)
class DayRows:
    """What a day page shows: the day, and each series' previous day where there is one."""

    spread: list[rows.DayRow]
    clusters: list[rows.ClusterRow]
    values: list[rows.ValueRow]
    fingerprints: list[call_rows.FingerprintDayRow]
    sequence: list[call_rows.SequenceRow]
    outcomes: list[call_rows.OutcomeRow]
    runs: list[call_rows.RunRow]
    quality: list[call_rows.QualityRow]
    cost: list[call_rows.CostRow]
    text: TextRows
    change: ChangeRows


def index_rows(query: Query) -> IndexRows:
    """Every study and series of the warehouse."""
    return IndexRows(
        studies=_read(query, "studies", rows.StudyRow),
        series=_series(query),
        days=_read(query, "index_days", rows.SparkRow),
        alarms=_read(query, "index_alarms", change_rows.AlarmRow),
        series_of_days=_read(query, "index_days_of_series", change_rows.SeriesOfDayRow),
        texts=_read(query, "series_texts", text_rows.TextRow),
        text_days=_read(query, "index_text_days", text_rows.TextDayRow),
        models=[row["model"] for row in query("models", {})],
    )


def _series(query: Query) -> list[rows.SeriesRow]:
    """Study by study, the most varied first, and the arms of a question together."""
    every = _read(query, "series", rows.SeriesRow)
    of_studies = [list(group) for _, group in groupby(every, key=lambda row: row.study)]
    return [row for series in of_studies for row in by_arm(series, settings(series, None).arms)]


def study_rows(query: Query, study: rows.StudyRow, index: IndexRows) -> StudyRows:
    """Everything about one study."""
    of = {"study": study.study}
    series = [row for row in index.series if row.study == study.study]
    found = StudyRows(
        study=study,
        models=index.models,
        series=series,
        spread=_read(query, "study_spread_by_day", rows.DayRow, of),
        discs=_read(query, "study_discs_by_day", rows.DiscsRow, of),
        clusters=_read(query, "study_clusters", rows.ClusterRow, of),
        values=_read(query, "study_values", rows.ValueRow, of),
        fingerprints=_read(query, "study_fingerprints_by_day", call_rows.FingerprintDayRow, of),
        lifetimes=_read(query, "study_fingerprints", call_rows.LifetimeRow, of),
        sequence=_read(query, "study_sequence", call_rows.SequenceRow, of),
        requests=_read(query, "study_requests", call_rows.RequestRow, of),
        outcomes=_read(query, "study_outcomes_by_day", call_rows.OutcomeRow, of),
        runs=_read(query, "study_runs", call_rows.RunRow, of),
        quality=_read(query, "study_quality", call_rows.QualityRow, of),
        cost=_read(query, "study_cost_by_day", call_rows.CostRow, of),
        text=_study_texts(query, of, [row for row in index.texts if row.study == study.study]),
        change=_study_changes(query, of),
    )
    return in_order(found, by_arm(series, settings_of(series, found.text.configuration.configuration).arms))


def day_rows(query: Query, study: str, day: dt.date) -> DayRows:
    """Everything about one day of a study."""
    of = {"study": study, "day": day}
    return DayRows(
        spread=_read(query, "day_spread", rows.DayRow, of),
        clusters=_read(query, "day_clusters", rows.ClusterRow, of),
        values=_read(query, "day_values", rows.ValueRow, of),
        fingerprints=_read(query, "day_fingerprints", call_rows.FingerprintDayRow, of),
        sequence=_read(query, "day_sequence", call_rows.SequenceRow, of),
        outcomes=_read(query, "day_outcomes", call_rows.OutcomeRow, of),
        runs=_read(query, "day_runs", call_rows.RunRow, of),
        quality=_read(query, "study_quality", call_rows.QualityRow, {"study": study}),
        cost=_read(query, "day_cost", call_rows.CostRow, of),
        text=_day_texts(query, of),
        change=_day_changes(query, of),
    )


def _study_changes(query: Query, of: Mapping[str, object]) -> ChangeRows:
    return ChangeRows(
        drift=_read(query, "study_drift", change_rows.DriftRow, of),
        counts=_read(query, "study_counts_by_day", change_rows.CountsRow, of),
        association=_read(query, "study_association", change_rows.AssociationRow, of),
        effects=_read(query, "study_time_effects", change_rows.EffectRow, of),
        grids=_read(query, "study_grids", change_rows.GridRow, of),
        grids_by_day=_read(query, "study_grids_by_day", change_rows.GridDayRow, of),
        top_lists=_read(query, "study_top_lists", change_rows.TopListRow, of),
    )


def _day_changes(query: Query, of: Mapping[str, object]) -> ChangeRows:
    return ChangeRows(
        drift=_read(query, "day_drift", change_rows.DriftRow, of),
        counts=_read(query, "day_counts", change_rows.CountsRow, of),
        association=[],
        effects=[],
        grids=[],
        grids_by_day=[],
        top_lists=[],
    )


def _study_texts(query: Query, of: Mapping[str, object], texts: list[text_rows.TextRow]) -> TextRows:
    return TextRows(
        texts=texts,
        before=[],
        completions=_read(query, "study_completions", text_rows.CompletionRow, of),
        divergence=_read(query, "study_divergence", text_rows.DivergenceRow, of),
        distances=_read(query, "study_distances", text_rows.DistanceRow, of),
        distance_effects=_read(query, "study_distance_effects", text_rows.DistanceEffectRow, of),
        totals=_read(query, "study_total_agreement", text_rows.TotalAgreementRow, of),
        answers=_read(query, "study_answers", text_rows.AnswerRow, of),
        by_day=_read(query, "study_agreement_by_day", text_rows.ArmDayRow, of),
        # Four arms may be a 2 x 2: only then is each call's completion needed.
        calls=_read(query, "study_calls", text_rows.CallsRow, of) if len({text.arm for text in texts}) == 4 else [],
        answer_tokens=_read(query, "study_answer_tokens", text_rows.AnswerTokenRow, of),
        tokens=_read(query, "study_token_logprobs", text_rows.TokenRow, of),
        configuration=_configuration(query, of),
    )


def _day_texts(query: Query, of: Mapping[str, object]) -> TextRows:
    completions = _read(query, "day_completions", text_rows.CompletionRow, of)
    return TextRows(
        texts=_read(query, "day_texts", text_rows.TextRow, of),
        before=_read(query, "day_texts_before", text_rows.BeforeRow, of),
        completions=completions,
        divergence=_read(query, "day_divergence", text_rows.DivergenceRow, of),
        distances=_read(query, "day_distances", text_rows.DistanceRow, of),
        distance_effects=[],
        totals=_read(query, "day_total_agreement", text_rows.TotalAgreementRow, of),
        answers=_read(query, "day_answers", text_rows.AnswerRow, of),
        by_day=[],
        calls=completions,
        answer_tokens=[],
        tokens=[],
        configuration=_configuration(query, {"study": of["study"]}),
    )


def _configuration(query: Query, of: Mapping[str, object]) -> text_rows.ConfigurationRow:
    (row,) = _read(query, "study_configuration", text_rows.ConfigurationRow, of)
    return row


def study_days(query: Query, study: str) -> list[dt.date]:
    """The days of a study that have a page, oldest first."""
    return [row["day"] for row in query("study_days", {"study": study})]


def _read(query: Query, name: str, row: type[R], parameters: Mapping[str, object] | None = None) -> list[R]:
    found = [{**(parameters or {}), **line} for line in query(name, parameters or {})]
    return TypeAdapter(list[row]).validate_python(found)  # type: ignore[valid-type]
