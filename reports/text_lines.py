"""The index's rows of text series: unique completions of N; many questions are one row an arm."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reports import format as f
from reports.ladder import by_series
from reports.looks import Look
from reports.names import series_labels
from reports.news import last_change_of_any
from reports.queries import IndexRows
from reports.rows import SeriesRow
from reports.rows_of_change import AlarmRow
from reports.rows_of_texts import TextDayRow, TextRow
from reports.sparkline import Spark
from reports.words_of_texts import headline, is_text
from tasks.core.plan import SeriesKey

MOST_QUESTIONS = 6


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """A row of the index."""

    label: str
    look: Look
    headline: str
    range: str
    spark: Spark | None
    change: str
    quality: str
    varies: bool
    is_troubled: bool
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class LineText:
    """What the completions of a series say in its row."""

    row: TextRow
    spark: Spark | None
    samples: int

    @property
    def headline(self) -> str:
        """Unique completions of N."""
        return headline(self.row)

    @property
    def answered(self) -> int:
        """Calls that brought a completion."""
        return self.row.answered

    @property
    def varies(self) -> bool:
        """Whether calls differ."""
        return self.row.unique_completions > 1

    @property
    def quality(self) -> str:
        """How many calls answered."""
        return _quality(self.answered, self.samples)


def line_texts(
    rows: IndexRows, series: Sequence[SeriesRow], spark: Callable[[Sequence[TextDayRow]], Spark | None]
) -> dict[SeriesKey, LineText]:
    """Those series of a study that are told by their completions."""
    texts, days = {row.key: row for row in rows.texts}, by_series(rows.text_days)
    return {
        row.key: LineText(texts[row.key], spark(days.get(row.key, [])), row.samples)
        for row in series
        if row.key in texts and is_text(row, texts[row.key])
    }


def question_lines(
    series: Sequence[SeriesRow],
    texts: Mapping[SeriesKey, LineText],
    looks: Mapping[str, Look],
    changes: Mapping[SeriesKey, AlarmRow],
) -> list[SeriesLine]:
    """A row an arm, where a study asks so many questions that a row each would bury the index; else none."""
    if len({row.prompt for row in series}) <= MOST_QUESTIONS or any(row.key not in texts for row in series):
        return []
    arms: dict[SeriesKey, list[SeriesRow]] = {}
    for row in series:
        arms.setdefault(row.key._replace(prompt=""), []).append(row)
    labels = series_labels(list(arms))
    return [
        _arm_line(labels[key], looks[key.model], rows, texts, last_change_of_any(rows, changes))
        for key, rows in arms.items()
    ]


def _arm_line(
    label: str, look: Look, rows: Sequence[SeriesRow], texts: Mapping[SeriesKey, LineText], change: str
) -> SeriesLine:
    of_arm = [texts[row.key] for row in rows]
    flipping = sum(1 for text in of_arm if text.varies)
    answered, samples = sum(text.answered for text in of_arm), sum(row.samples for row in rows)
    return SeriesLine(
        label=label,
        look=look,
        headline=f"completions differ in {f.count(flipping)} of {f.count(len(rows))} questions",
        range=f.NONE,
        spark=None,
        change=change,
        quality=_quality(answered, samples),
        varies=flipping > 0,
        is_troubled=answered < samples,
        is_simulated=any(row.is_simulated for row in rows),
    )


def _quality(answered: int, samples: int) -> str:
    if answered == samples:
        return f"all {f.count(samples)} answered"
    return f"{f.share(answered / samples)} of {f.count(samples)} answered"
