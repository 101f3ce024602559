"""The index: every series with its headline, its last days and its quality; what is new stands on top."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from reports import format as f
from reports import sentences
from reports.ladder import by_series
from reports.looks import Look, model_looks
from reports.names import series_labels, study_page
from reports.news import last_change, last_changes, news_words
from reports.queries import IndexRows
from reports.refused import shortened
from reports.rows import SeriesRow, SparkRow, StudyRow
from reports.sheets import sheet
from reports.sparkline import Spark, sparkline, text_sparkline
from reports.text_lines import LineText, SeriesLine, line_texts, question_lines
from reports.view import Sheet
from tasks.core.plan import SeriesKey

FILTER_FROM = 8
SPARK_DAYS = 60


@dataclass(frozen=True, slots=True)
class StudyGroup:
    """A study's rows under its name."""

    title: str
    href: str
    summary: str
    warnings: list[str]
    is_simulated: bool
    series: list[SeriesLine]


@dataclass(frozen=True, slots=True)
class IndexView:
    """Everything the index says."""

    title: str
    simulated: str
    lead: str
    news: list[str]
    studies: list[StudyGroup]
    has_filter: bool


def index_view(rows: IndexRows) -> IndexView:
    """The view of the index."""
    days = by_series(rows.days)
    return IndexView(
        title="How deterministic are model APIs?",
        simulated=sentences.some_simulated([study.is_simulated for study in rows.studies]),
        lead=_lead(rows),
        news=news_words(rows),
        studies=[_group(rows, study, days) for study in rows.studies],
        has_filter=len(rows.series) >= FILTER_FROM,
    )


def index_sheets(rows: IndexRows) -> list[Sheet]:
    """The rows of the index, unrounded."""
    return [sheet("series.csv", rows.series, ("clusters", "request", "served_models"))]


def _lead(rows: IndexRows) -> str:
    if not rows.studies:
        return "The warehouse is empty: run a study, or import a recording."
    samples = sum(study.samples for study in rows.studies)
    newest = newest_day(rows)
    until = f", up to {f.day(newest)}" if newest else ""
    return (
        f"{f.counted(len(rows.studies), 'study', 'studies')}, {f.counted(len(rows.series), 'series', 'series')} "
        f"and {f.counted(samples, 'call')}{until}."
    )


def newest_day(rows: IndexRows) -> dt.date | None:
    """The newest day of any series."""
    return max((row.last_day for row in rows.series), default=None)


def _group(rows: IndexRows, study: StudyRow, days: Mapping[SeriesKey, list[SparkRow]]) -> StudyGroup:
    series = [row for row in rows.series if row.study == study.study]
    labels = series_labels([row.key for row in series])
    looks = model_looks(rows.models)
    newest = study.last_day or dt.date.min
    first = max(newest - dt.timedelta(days=SPARK_DAYS - 1), study.first_day or newest) if study.last_day else newest
    changes = last_changes(rows.alarms)
    texts = line_texts(rows, series, lambda of_day: text_sparkline(of_day, first, newest))
    lines = question_lines(series, texts, looks, changes) or [
        _line(
            row,
            labels[row.key],
            looks[row.model],
            study,
            sparkline(days.get(row.key, []), first, newest),
            texts.get(row.key),
            last_change(row.key, row.days, changes),
        )
        for row in series
    ]
    return StudyGroup(
        title=f.visible(study.study),
        href=study_page(study.study),
        summary=_summary(study),
        warnings=_warnings(study),
        is_simulated=study.is_simulated,
        series=lines,
    )


def _summary(study: StudyRow) -> str:
    if not study.series:
        return "No sample in any figure yet."
    return (
        f"{f.counted(study.samples, 'call')}, {f.days(study.first_day, study.last_day)}; "
        f"last run {study.last_state} at {f.moment(study.last_run_at)}."
    )


def _warnings(study: StudyRow) -> list[str]:
    parts = []
    if study.withheld:
        verb = "is" if study.withheld == 1 else "are"
        parts.append(f"{study.withheld} of {f.counted(study.runs, 'run')} {verb} withheld.")
    if study.last_reason:
        parts.append(f"The last run says: {shortened(f.visible(study.last_reason))}")
    return parts


def _line(
    row: SeriesRow, label: str, look: Look, study: StudyRow, spark: Spark | None, text: LineText | None, change: str
) -> SeriesLine:
    return SeriesLine(
        label=label,
        look=look,
        headline=text.headline if text else sentences.headline(row, row.clusters.get(study.threshold_pp, 0)),
        range=f.NONE if text else _range(row),
        spark=text.spark if text else spark,
        change=change,
        quality=text.quality if text else _quality(row),
        varies=text.varies if text else (row.distinct_values or 0) > 1,
        is_troubled=(text.answered if text else row.observed) < row.samples
        or study.withheld > 0
        or study.last_state == "incomplete",
        is_simulated=row.is_simulated,
    )


def _range(row: SeriesRow) -> str:
    if row.min_pct is None or row.max_pct is None:
        return f.NOT_OBSERVABLE
    return f.percent_range(row.min_pct, row.max_pct, f.percent_digits([row.min_pct, row.max_pct]))


def _quality(row: SeriesRow) -> str:
    if row.observed == row.samples:
        return f"all {f.count(row.samples)} observed"
    return f"{f.share(row.observed / row.samples)} of {f.count(row.samples)} observed"
