"""The answer of a text series in sentences, on a study's page and on a day's."""

from collections.abc import Sequence

from reports import agreement, answers, words_of_texts
from reports.ladder import by_series
from reports.rows import SeriesRow
from reports.text_source import Drawn, Source
from reports.view import Answer
from tasks.core.plan import SeriesKey

MOST_BY_QUESTION = 24


def text_answers(source: Source, key: SeriesKey, days: int) -> list[str]:
    """What the completions of a series answer; nothing where its values tell it better."""
    if key not in source.told:
        return []
    divergence = by_series(source.text.divergence).get(key, [])
    return [
        *words_of_texts.answer(source.labels[key], source.texts[key], divergence, days),
        *[words_of_texts.day_before(row) for row in source.text.before if row.key == key],
    ]


def given_answers(source: Source, figures: Drawn, key: SeriesKey) -> list[str]:
    """How often a series gave its most frequent answer; nothing where its answers are no shares."""
    shares = figures.shares.get(key)
    return answers.answer_words(source.labels[key], shares) if shares else []


def value_answers(source: Source, series: SeriesRow, values: Sequence[str], more: Sequence[str]) -> list[str]:
    """What is said of values; of a text series their number alone, and nothing where none was asked for."""
    if series.key not in source.told:
        return [*values, *more]
    return list(values[:1]) if series.observed or words_of_texts.asks_for_values(series) else []


def answers_by_arm(source: Source, figures: Drawn) -> list[Answer]:
    """One answer an arm, where a study asks so many questions that one each would hide it; else none."""
    if len(source.series) <= MOST_BY_QUESTION or not figures.agreement:
        return []
    labels = agreement.arm_labels(figures.agreement)
    return [
        Answer(
            labels[arm.key],
            source.looks[arm.key.model].color,
            "",
            agreement.agreement_words(labels[arm.key], arm),
        )
        for arm in figures.agreement
    ]
