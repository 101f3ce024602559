"""Answers: how often each was given, beside what log-probabilities imply and what others have published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports import format as f
from reports import intervals
from reports.implied import Meaning, Place, implied_by_answer, place, temperature_of
from reports.ladder import by_series
from reports.published import Published, same_answer
from reports.rows import SeriesRow
from reports.rows_of_texts import AnswerRow, TextRow, TokenRow
from reports.view import Column, Figure, Table
from tasks.core.plan import SeriesKey

ANCHOR = "answers"
MOST_SERIES = 24
MOST_SHOWN = 5
MOST_CHARACTERS = 40
UNPARSABLE = "no answer found"


@dataclass(frozen=True, slots=True)
class Share:
    """One answer of one series: its calls, and the shares that stand beside it (None where there is none)."""

    row: AnswerRow
    implied: float | None
    published: Published | None


def shown_series(
    series: Sequence[SeriesRow],
    answers: Sequence[AnswerRow],
    texts: Mapping[SeriesKey, TextRow],
    has_pattern: bool,
) -> list[SeriesRow]:
    """The series whose answers are worth a share: few and short, or found by the study's pattern; one alone is no news."""
    of_series = by_series(answers)
    worth = [
        row for row in series if row.key in of_series and _is_worth(of_series[row.key], texts.get(row.key), has_pattern)
    ]
    return worth if len(worth) <= MOST_SERIES else []


def _is_worth(rows: Sequence[AnswerRow], text: TextRow | None, has_pattern: bool) -> bool:
    is_short = text is not None and not text.is_long and rows[0].answers <= len(rows)
    return has_pattern or (is_short and rows[0].answers > 1)


def shares(
    series: SeriesRow,
    rows: Sequence[AnswerRow],
    tokens: Sequence[TokenRow],
    known: Mapping[str, Meaning],
    figures: Sequence[Published],
) -> list[Share]:
    """The most frequent answers of a series."""
    # Without an answer explained, a list says nothing of answers.
    implied = implied_by_answer(tokens, known, temperature_of(series)) if tokens and known else {}
    return [
        Share(row, _implied(row, implied), next((p for p in figures if same_answer(row.answer, p.answer)), None))
        for row in rows[:MOST_SHOWN]
    ]


def _implied(row: AnswerRow, implied: Mapping[str | None, float]) -> float | None:
    return implied.get(row.answer) if row.answer is not None else None


def every_share(
    series: Sequence[SeriesRow],
    answers: Sequence[AnswerRow],
    tokens: Sequence[TokenRow],
    known: Mapping[Place, Mapping[str, Meaning]],
    figures: Sequence[Published],
) -> dict[SeriesKey, list[Share]]:
    """Those of each series, in their order."""
    of_series, lists = by_series(answers), by_series(tokens)
    return {
        row.key: shares(row, of_series[row.key], lists.get(row.key, []), known.get(place(row.key), {}), figures)
        for row in series
    }


def answer_words(label: str, every: Sequence[Share]) -> list[str]:
    """How often the most frequent answer was given, and whether log-probabilities say the same."""
    first = every[0]
    text = f"{label} answers {_name(first.row.answer)} in {f.count(first.row.n)} of {f.counted(first.row.observed, 'call')}"
    share = f"{text} ({intervals.in_words(first.row.n, first.row.observed)})"
    if first.implied is None:
        return [f"{share}."]
    inside = first.row.wilson.low <= first.implied <= first.row.wilson.high
    verdict = "which the interval holds" if inside else "which the interval leaves out"
    return [f"{share}; its log-probabilities imply {f.share(first.implied)}, {verdict}."]


def common_words(every: Mapping[SeriesKey, Sequence[Share]], labels: Mapping[SeriesKey, str]) -> list[str]:
    """What several series answer most often, and how often."""
    firsts = {key: shares[0].row for key, shares in every.items()}
    answers = {row.answer for row in firsts.values()}
    if len(firsts) < 2 or len(answers) > 1:
        return []
    ends = sorted((row.share, labels[key]) for key, row in firsts.items())
    (least, lowest), (most, highest) = ends[0], ends[-1]
    whose = (
        f"{f.share(least)} of its calls"
        if least == most
        else f"{f.share(least)} ({lowest}) to {f.share(most)} ({highest}) of its calls"
    )
    return [f"Each of {f.count(len(firsts))} series answers {_name(answers.pop())} most often: in {whose}."]


def published_words(figures: Sequence[Published]) -> list[str]:
    """What others found, with their source."""
    return [f"Of {p.who}, {f.share(p.share, 0)} answer {f.visible(p.answer)} ({p.source})." for p in figures]


def answers_figure(
    every: Mapping[SeriesKey, Sequence[Share]], labels: Mapping[SeriesKey, str], sql: str
) -> Figure | None:
    """The shares in words and numbers; None where no series has answers."""
    if not every:
        return None
    lines = [_line(labels[key], share) for key, of_series in every.items() for share in of_series]
    columns = (
        Column("series", False),
        Column("answer", False, "answer"),
        Column("calls"),
        Column("share"),
        Column("95% interval", term="interval"),
        Column("implied", term="implied"),
        Column("published"),
    )
    kept = [i for i in range(len(columns)) if i < 5 or any(line[i] != f.NONE for line in lines)]
    return Figure(
        anchor=ANCHOR,
        title="Answers",
        caption="A filled mark is the share of calls with the answer, with its 95% interval; a bar is the share that the first "
        "token's log-probabilities imply, a diamond a published one.",
        alt=f"Shares of the answers of {f.counted(len(every), 'series', 'series')}; the numbers are in the table below.",
        table=Table.first(tuple(columns[i] for i in kept), [tuple(line[i] for i in kept) for line in lines], 120),
        csv="answers.csv",
        sql=sql,
    )


def _line(label: str, share: Share) -> tuple[str, ...]:
    return (
        label,
        _name(share.row.answer),
        f.count(share.row.n),
        f.share(share.row.share),
        intervals.in_cell(share.row.n, share.row.observed),
        f.NONE if share.implied is None else f.share(share.implied),
        f"{f.share(share.published.share, 0)} of {share.published.who}" if share.published else f.NONE,
    )


def _name(answer: str | None) -> str:
    if answer is None:
        return UNPARSABLE
    return f.visible(answer[:MOST_CHARACTERS]) + ("…" if len(answer) > MOST_CHARACTERS else "")
