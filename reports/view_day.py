"""A day's page: the same for one day, beside each series' previous day with data."""

import datetime as dt
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from reports import format as f
from reports import independence, sentences
from reports.blocks import Block
from reports.figures_of_certainty import seen_figure, variety_figure
from reports.figures_of_day import cost_figure, distances_figure, fingerprints_figure, outcomes_figure, spread_figure
from reports.ladder import LadderRows, by_series, ladders, link_to, values_of
from reports.looks import model_looks
from reports.names import series_labels
from reports.quality import quality, withheld
from reports.queries import DayRows, IndexRows
from reports.refused import refused_series
from reports.rows import ClusterRow, DayRow, SeriesRow, StudyRow
from reports.rows_of_calls import SequenceRow
from reports.rows_of_change import CountsRow, DriftRow
from reports.text_answers import answers_by_arm, given_answers, text_answers, value_answers
from reports.text_blocks import blocks
from reports.text_source import Drawn, Source
from reports.text_source import drawn as text_figures
from reports.view import Answer, Figure, Ladder, Link, Quality, Section
from reports.words_of_change import against_baseline, equally_many
from tasks.core.plan import SeriesKey

MOST_ANSWERS = 60
MOST_SURE = 12


@dataclass(frozen=True, slots=True)
class DayView:
    """Everything a day page says."""

    title: str
    study: str
    day: str
    simulated: str
    lead: str
    withheld: list[str]
    earlier: Link | None
    later: Link | None
    answers: list[Answer]
    spread: Figure | None
    distances: Figure | None
    compare: str
    ladders: list[Ladder]
    blocks: list[Block]
    fingerprints: Section
    sure: Section
    variety: Figure | None
    independence: Section
    availability: Section
    cost: Section
    quality: Quality


@dataclass(frozen=True, slots=True)
class Side:
    """One series on the day, and on its previous day with data."""

    series: SeriesRow
    label: str
    color: str
    today: DayRow
    before: DayRow | None
    clusters: list[ClusterRow]
    clusters_before: list[ClusterRow]
    drift: DriftRow | None
    counts: list[CountsRow]


def day_view(index: IndexRows, study: StudyRow, day: dt.date, days: Sequence[dt.date], rows: DayRows) -> DayView:
    """The view of one day of a study; `days` are all its days, for the way to its neighbours."""
    labels = series_labels([row.key for row in index.series if row.study == study.study])
    sides = day_sides(index, study, day, rows, labels)
    source = _source(index, study, rows, sides, labels)
    drawn = text_figures(source)
    by_arm = answers_by_arm(source, drawn)
    shown = [] if by_arm else ladders(_ladder_rows(sides, rows))
    return DayView(
        title=f"{f.visible(study.study)}, {f.day(day)}",
        study=f.visible(study.study),
        day=f.day(day),
        simulated=sentences.simulated(study.is_simulated),
        lead=f"{f.counted(len(sides), 'series', 'series')}, {f.counted(sum(row.n for row in rows.outcomes), 'call')}.",
        withheld=withheld(rows.runs, rows.quality),
        earlier=_link([d for d in days if d < day][-1:]),
        later=_link([d for d in days if d > day][:1]),
        answers=by_arm or [_answer(side, study.threshold_pp, shown, source, drawn) for side in sides[:MOST_ANSWERS]],
        spread=spread_figure(sides),
        distances=distances_figure(rows.change.drift, labels),
        compare=_compare(study, day, [d for d in days if d < day]),
        ladders=shown,
        blocks=blocks(source, drawn),
        fingerprints=Section(_silent(sides, rows), fingerprints_figure(rows.fingerprints, day, labels)),
        sure=_sure(sides, labels),
        variety=variety_figure([side.today for side in sides], rows.values, labels, "day_spread"),
        independence=independence.section(_sequence(sides, rows), labels, "day_sequence"),
        availability=Section(sentences.availability(rows.outcomes), outcomes_figure(rows.outcomes, labels)),
        cost=Section(sentences.cost(rows.cost), cost_figure(rows.cost, labels)),
        quality=quality(rows.runs, rows.quality),
    )


def day_sides(
    index: IndexRows, study: StudyRow, day: dt.date, rows: DayRows, labels: dict[SeriesKey, str]
) -> list[Side]:
    """The study's series that have samples on the day."""
    looks = model_looks(index.models)
    spread, clusters = by_series(rows.spread), by_series(rows.clusters)
    drift, counts = {row.key: row for row in rows.change.drift}, by_series(rows.change.counts)
    sides = []
    for row in index.series:
        today = [line for line in spread.get(row.key, []) if line.day == day]
        before = [line for line in spread.get(row.key, []) if line.day < day]
        if row.study == study.study and today:
            mine = clusters.get(row.key, [])
            sides.append(
                Side(
                    row,
                    labels[row.key],
                    looks[row.model].color,
                    today[0],
                    before[0] if before else None,
                    [c for c in mine if c.day == day],
                    [c for c in mine if c.day != day],
                    drift.get(row.key),
                    counts.get(row.key, []),
                )
            )
    return sides


def _link(days: Sequence[dt.date]) -> Link | None:
    return Link(f.day(days[0]), f"{f.day(days[0])}.html") if days else None


def _compare(study: StudyRow, day: dt.date, earlier: Sequence[dt.date]) -> str:
    """The command that sets the day beside the one before; "" on the first."""
    if not earlier:
        return ""
    sides = (f"{study.study}@{f.day(one)}" for one in (earlier[-1], day))
    return f.visible(f"flipbook compare {' '.join(shlex.quote(side) for side in sides)}")


def _source(
    index: IndexRows, study: StudyRow, rows: DayRows, sides: Sequence[Side], labels: dict[SeriesKey, str]
) -> Source:
    """The day's own figures of each series, with its request."""
    series = [side.series.model_copy(update=side.today.model_dump(exclude={"day"})) for side in sides]
    looks = model_looks(index.models)
    return Source(study.study, series, rows.text, rows.values, rows.runs, labels, looks, prefix="day")


def _answer(side: Side, threshold_pp: float, shown: Sequence[Ladder], source: Source, drawn: Drawn) -> Answer:
    values = [
        *sentences.spread(side.label, side.series.follow, side.today, len(side.clusters), threshold_pp),
        *sentences.left_out(side.today),
    ]
    before = [
        *sentences.day_before(side.before, side.before.day if side.before else None, len(side.clusters_before)),
        *equally_many(side.counts, side.today.day),
    ]
    return Answer(
        label=side.label,
        color=side.color,
        href=link_to(shown, side.series.key),
        sentences=[
            *given_answers(source, drawn, side.series.key),
            *text_answers(source, side.series.key, days=1),
            *value_answers(source, side.series, values, before),
            *(against_baseline(side.drift) if side.drift else []),
            *refused_series(source.runs, side.series),
        ],
    )


def _ladder_rows(sides: Sequence[Side], rows: DayRows) -> list[LadderRows]:
    values = by_series(rows.values)
    return [
        LadderRows(
            side.series.key,
            side.label,
            side.color,
            side.clusters,
            values_of(values.get(side.series.key, [])),
            side.clusters_before if side.before else None,
        )
        for side in sides
    ]


def _sure(sides: Sequence[Side], labels: dict[SeriesKey, str]) -> Section:
    words = [sentence for side in sides[:MOST_SURE] for sentence in sentences.how_sure(side.label, side.today)]
    return Section(words, seen_figure([side.today for side in sides], labels, "Of this day alone.", "day_spread"))


def _sequence(sides: Sequence[Side], rows: DayRows) -> list[SequenceRow]:
    """The day's repeats, in the order of the series."""
    by_key = {row.key: row for row in rows.sequence}
    return [by_key[side.series.key] for side in sides if side.series.key in by_key]


def _silent(sides: Sequence[Side], rows: DayRows) -> list[str]:
    named = {row.key for row in rows.fingerprints if row.system_fingerprint}
    silent = [side.label for side in sides if side.series.key not in named and side.today.samples > side.today.failures]
    return sentences.without_fingerprints(silent, len(sides))
