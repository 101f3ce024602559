"""The parts of a page that only studies with texts or answers have; a study without them has none of it."""

from collections.abc import Sequence

from reports import agreement, answers, implied, survival, text_days, words_of_texts
from reports.arms import drawn, number_words
from reports.blocks import Block
from reports.factors import calls_by_completion, factor_words
from reports.figures_of_arms import by_arm_figure
from reports.refused import refused_words
from reports.rows_of_texts import TextRow
from reports.text_answers import answers_by_arm
from reports.text_source import Drawn, Source
from reports.texts import rankings

MOST_SENTENCES = 12


def blocks(source: Source, figures: Drawn) -> list[Block]:
    """The parts in the order in which they are read."""
    every = (
        _by_arm(source, figures),
        _answers(source, figures),
        _temperatures(source, figures),
        _agreement(source, figures),
        _texts(source, figures),
    )
    return [block for block in every if block is not None]


def arm_answers(source: Source, figures: Drawn) -> list[tuple[str, list[str]]]:
    """What the arms' settings change, of each model and question (by its label) where it can be said: the answer, then why."""
    calls = calls_by_completion(source.text.calls)
    every = (
        (
            group.label,
            [
                *factor_words(group, figures.settings, calls, source.text.distance_effects),
                *number_words(group, figures.settings),
            ],
        )
        for group in drawn(figures.groups)
    )
    return [(label, words) for label, words in every if words]


def _by_arm(source: Source, figures: Drawn) -> Block | None:
    told = [] if answers_by_arm(source, figures) else source.series
    refused = refused_words(source.runs, source.text.distances, source.labels, told)
    if not any(arm.modal[1] for group in figures.groups for arm in group.arms):
        return Block("not-observable", "Not observable", refused) if refused else None
    figure = by_arm_figure(figures.groups, figures.settings, _texts_sql(source))
    every = arm_answers(source, figures)
    if source.is_day:
        reasons = [" ".join(words) for _, words in every]
    else:
        # A study's answer begins with what comes first of each, and says of whom it is.
        reasons = [_of(label if len(every) > 1 else "", words[1:]) for label, words in every if words[1:]]
    return Block("arms", "Arms compared", [*reasons, *refused], [figure])


def _of(label: str, sentences: list[str]) -> str:
    """Sentences about one of several."""
    words = " ".join(sentences)
    return f"{label}: {words[0].lower()}{words[1:]}" if label else words


def _answers(source: Source, figures: Drawn) -> Block | None:
    figure = answers.answers_figure(figures.shares, source.labels, f"{source.prefix}_answers")
    if figure is None:
        return None
    words = answers.published_words(source.published) if source.is_day else []
    return Block("answers-given", "Answers", words, [figure])


def _temperatures(source: Source, figures: Drawn) -> Block | None:
    words = [row for row in source.series if row.key not in source.told]
    figure = implied.temperatures_figure(words, source.text.tokens, source.meanings, source.labels)
    if figure is None:
        return None
    places = {implied.place(row.key): source.labels[row.key] for row in words}
    said = [w for at, label in places.items() for w in implied.token_words(source.meanings.get(at, {}), label)]
    others = [] if figures.shares else answers.published_words(source.published)
    return Block("other-temperatures", "Other temperatures", [*said[:MOST_SENTENCES], *others], [figure])


def _agreement(source: Source, figures: Drawn) -> Block | None:
    labels = agreement.arm_labels(figures.agreement)
    total = agreement.agreement_figure(figures.agreement, labels, f"{source.prefix}_total_agreement")
    if total is None:
        return None
    # Where questions are many, these are the answer.
    told = [] if answers_by_arm(source, figures) else figures.agreement[:MOST_SENTENCES]
    words = [word for arm in told for word in agreement.agreement_words(labels[arm.key], arm)]
    by_question = agreement.questions_figure(
        source.text.texts, source.text.answers, source.has_pattern, source.labels, _texts_sql(source)
    )
    return Block("agreement", "Agreement over questions", words, [total, *([by_question] if by_question else [])])


def _texts_sql(source: Source) -> str:
    return "series_texts" if source.prefix == "study" else "day_texts"


def _texts(source: Source, figures: Drawn) -> Block | None:
    texts, distances = source.of_texts(source.text.texts), source.of_texts(source.text.distances)
    ranked = rankings(texts, source.text.completions, source.labels, source.looks)
    made = (
        text_days.days_figure(figures.days, text_days.day_labels(figures.days)),
        survival.survival_figure(figures.curves, figures.curve_labels, f"{source.prefix}_divergence"),
        survival.distance_figure(distances, source.labels, f"{source.prefix}_distances"),
    )
    shown = [figure for figure in made if figure]
    if not ranked and not shown:
        return None
    words = words_of_texts.distances(distances, source.labels) if len(distances) <= MOST_SENTENCES else []
    note = [_ranking_note(texts, len(ranked), "questions" if figures.agreement else "series")] if ranked else []
    title = "Questions whose completions differ" if figures.agreement and ranked else "Texts"
    sql = f"{source.prefix}_completions"
    return Block("texts", title, [*words, *note], shown, ranked, "completions.csv", sql)


def given(source: Source, figures: Drawn) -> list[str]:
    """What several series answer, and what others have found of the same question."""
    return (
        [*answers.common_words(figures.shares, source.labels), *answers.published_words(source.published)]
        if figures.shares
        else []
    )


def _ranking_note(texts: Sequence[TextRow], shown: int, noun: str) -> str:
    varied = sum(1 for text in texts if text.unique_completions > 1)
    which = (
        f" Of {varied:,} {noun} whose calls differ, the {shown:,} that differ most are shown." if varied > shown else ""
    )
    return f"Each completion stands once, the first word in which it differs from the most frequent one marked.{which}"
