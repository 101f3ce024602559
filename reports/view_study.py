"""A study's page: its view, the sheets behind its figures, and what its charts draw."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports import format as f
from reports import independence, sentences
from reports.association import association_figure
from reports.blocks import Block
from reports.drawings import Drawings, source_of
from reports.figures import answers_by_series, availability_figure, fingerprint_figure, values_figure
from reports.figures_of_certainty import seen_figure, variety_figure
from reports.ladder import LadderRows, by_series, fingerprints_by_cluster, ladders, link_to, values_of
from reports.provenance import provenance, questions, requests
from reports.quality import quality, withheld
from reports.queries import StudyRows
from reports.refused import refused_series
from reports.rows import SeriesRow
from reports.rows_of_calls import SequenceRow
from reports.text_answers import answers_by_arm, given_answers, text_answers, value_answers
from reports.text_blocks import arm_answers, blocks, given
from reports.text_source import Source
from reports.told import Told, told_of_changes, told_of_lists, told_of_time
from reports.view import Answer, Figure, Ladder, Provenance, Quality, Questions, Section
from reports.words_of_study import changed_words, days_without_calls, own_gaps, varying_words
from tasks.core.statistics import samples_needed

MOST_ANSWERS = 60
SQL = (
    "series",
    "study_spread_by_day",
    "study_discs_by_day",
    "study_clusters",
    "study_values",
    "study_fingerprints_by_day",
    "study_fingerprints",
    "study_sequence",
    "study_outcomes_by_day",
    "study_cost_by_day",
    "series_texts",
    "study_completions",
    "study_divergence",
    "study_distances",
    "study_agreement_by_day",
    "study_total_agreement",
    "study_answers",
    "study_answer_tokens",
    "study_token_logprobs",
    "study_calls",
    "study_configuration",
    "study_runs",
    "study_quality",
    "study_drift",
    "study_counts_by_day",
    "study_association",
    "study_time_effects",
    "study_grids",
    "study_grids_by_day",
    "study_top_lists",
)


@dataclass(frozen=True, slots=True)
class StudyView:
    """Everything a study page says."""

    title: str
    simulated: str
    lead: str
    withheld: list[str]
    questions: Questions
    summary: list[str]
    answers: list[Answer]
    answers_note: str
    values: Figure | None
    changes: list[Block]
    ladders: list[Ladder]
    lists: list[Block]
    blocks: list[Block]
    is_told_by_texts: bool
    fingerprints: Section
    association: Figure | None
    effects: list[Block]
    sure: Section
    variety: Figure | None
    independence: Section
    availability: Section
    quality: Quality
    provenance: Provenance


def study_view(rows: StudyRows, drawn: Drawings) -> StudyView:
    """The view of a study page."""
    every = requests(rows.series, drawn.labels)
    source = source_of(rows, drawn.labels, drawn.looks)
    # Where questions are many, what they have in common is told, and not each one's values.
    by_arm = answers_by_arm(source, drawn.text)
    shown = [] if by_arm else ladders(ladder_rows(rows, drawn))
    return StudyView(
        title=f.visible(rows.study.study),
        simulated=sentences.simulated(rows.study.is_simulated),
        lead=_lead(rows),
        withheld=withheld(rows.runs, rows.quality),
        questions=questions(rows.series, every),
        summary=_summary(rows, drawn, source, has_answers=bool(by_arm)),
        answers=by_arm or _answers(rows, drawn, shown, source),
        answers_note="" if by_arm else _answers_note(len(rows.series)),
        values=values_figure(drawn.values, drawn.labels) if drawn.values else None,
        changes=told_of_changes(rows.change, drawn.drift, drawn.labels),
        ladders=shown,
        lists=told_of_lists(rows.change, drawn.labels),
        blocks=blocks(source, drawn.text),
        is_told_by_texts=2 * len(source.told) > len(rows.series),
        fingerprints=Section(_fingerprint_words(rows, drawn), fingerprint_figure(rows, drawn.bands, drawn.labels)),
        association=association_figure(rows.change.association, drawn.labels),
        effects=told_of_time(rows.change, drawn.labels),
        sure=Section(_sure_words(rows, drawn), seen_figure(rows.series, drawn.labels, "Over all days.", "series")),
        variety=variety_figure(rows.series, rows.values, drawn.labels, "series"),
        independence=independence.section(_overall(rows), drawn.labels, "study_sequence"),
        availability=Section(sentences.availability(rows.outcomes), availability_figure(rows)),
        quality=quality(rows.runs, rows.quality),
        provenance=provenance(rows.runs, every, SQL),
    )


def _summary(rows: StudyRows, drawn: Drawings, source: Source, *, has_answers: bool) -> list[str]:
    """What all series have in common: their answers, what the arms do to them, how many vary and which changed."""
    told = {key: row for key, row in source.texts.items() if key in source.told}
    arms = [words[0] for _, words in arm_answers(source, drawn.text)]
    varying = [] if has_answers else varying_words(rows.series, told, drawn.labels)
    common = [*varying, *changed_words(by_series(rows.change.drift)), *days_without_calls(rows.spread)]
    return [*given(source, drawn.text), *arms, *([" ".join(common)] if common else [])]


def ladder_rows(rows: StudyRows, drawn: Drawings) -> list[LadderRows]:
    """What each series' ladder is made of, at the study's first threshold."""
    clusters = by_series([row for row in rows.clusters if row.threshold_pp == rows.study.threshold_pp])
    values = by_series(rows.values)
    return [
        LadderRows(
            row.key,
            drawn.labels[row.key],
            drawn.looks[row.model].color,
            clusters.get(row.key, []),
            values_of(values.get(row.key, [])),
        )
        for row in rows.series
    ]


def _lead(rows: StudyRows) -> str:
    if not rows.series:
        return "No sample of this study is in any figure yet."
    return sentences.lead(rows.series, rows.outcomes, rows.study.first_day, rows.study.last_day)


def _answers(rows: StudyRows, drawn: Drawings, shown: Sequence[Ladder], source: Source) -> list[Answer]:
    answers = answers_by_series(rows)
    lifetimes, discs, days = by_series(rows.lifetimes), by_series(rows.discs), by_series(rows.spread)
    ladders_of = {ladder.key: ladder for ladder in ladder_rows(rows, drawn)}
    told = Told.of(rows.change, rows.study.threshold_pp)
    return [
        Answer(
            label=drawn.labels[row.key],
            color=drawn.looks[row.model].color,
            href=link_to(shown, row.key),
            sentences=[
                *given_answers(source, drawn.text, row.key),
                *text_answers(source, row.key, row.days),
                *value_answers(
                    source,
                    row,
                    answer_sentences(
                        row,
                        drawn.labels[row.key],
                        rows.study.threshold_pp,
                        told.standing(row.key, ladders_of[row.key].clusters),
                    ),
                    [*told.over_days(row.key), *sentences.most_frequent(row, discs.get(row.key, []))],
                ),
                *told.changes(row.key),
                *own_gaps(days.get(row.key, []), rows.spread, rows.study.last_day),
                *refused_series(rows.runs, row),
                *sentences.request_changed([r for r in rows.requests if r.key == row.key]),
                *sentences.fingerprints(lifetimes.get(row.key, []), answers.get(row.key, 0)),
                *(told.explains(row.key) or sentences.shared_clusters(_fingerprints_by_cluster(ladders_of[row.key]))),
            ],
        )
        for row in rows.series[:MOST_ANSWERS]
    ]


def _fingerprints_by_cluster(ladder: LadderRows) -> list[int]:
    return fingerprints_by_cluster(ladder.clusters, ladder.values)


def answer_sentences(row: SeriesRow, label: str, threshold_pp: float, standing: str = "") -> list[str]:
    """The answer of one series over all days."""
    clusters = row.clusters.get(threshold_pp, 0)
    return [*sentences.spread(label, row.follow, row, clusters, threshold_pp, standing), *sentences.left_out(row)]


def _answers_note(series: int) -> str:
    return f"The first {MOST_ANSWERS} of {series:,} series; the index lists all." if series > MOST_ANSWERS else ""


def _fingerprint_words(rows: StudyRows, drawn: Drawings) -> list[str]:
    named = {row.key for row in rows.lifetimes if row.system_fingerprint}
    silent = [drawn.labels[row.key] for row in rows.series if row.key not in named and row.samples > row.failures]
    return sentences.without_fingerprints(silent, len(rows.series))


def _sure_words(rows: StudyRows, drawn: Drawings) -> list[str]:
    if not any(row.observed for row in rows.series):
        return []
    words = [sentence for row in rows.series[:12] for sentence in sentences.how_sure(drawn.labels[row.key], row)]
    needed = [f"{100 * frequency:g}% takes {f.count(samples_needed(frequency))}" for frequency in (0.1, 0.01, 0.001)]
    return [
        *words,
        f"To see a value at least once with a chance of 95%, one with a frequency of {f.joined(needed)} calls.",
        "All of this assumes calls that do not depend on each other; whether they do stands at the end of this section.",
    ]


def _overall(rows: StudyRows) -> list[SequenceRow]:
    """Each series' repeats over all days, in the order of the series."""
    overall = {row.key: row for row in rows.sequence if row.day is None}
    return [overall[row.key] for row in rows.series if row.key in overall]
