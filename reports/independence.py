"""Whether calls depend on each other: how often consecutive ones repeat a value, beside what independent ones would."""

from collections.abc import Mapping, Sequence

from reports import format as f
from reports import intervals
from reports.rows_of_calls import SequenceRow, Verdict
from reports.sentences import named
from reports.view import Column, Figure, Section, Table
from tasks.core.plan import SeriesKey

Labels = Mapping[SeriesKey, str]
MOST_SENTENCES = 12
MOST_ROWS = 60
VERDICTS = {"more": "more often", "less": "less often", "as independent": "as independent calls", None: "not defined"}


def section(rows: Sequence[SequenceRow], labels: Labels, sql: str) -> Section:
    """The verdict on each series in words, and the rates that it is made from."""
    return Section(words(rows, labels), _figure(rows, labels, sql) if rows else None)


def words(rows: Sequence[SequenceRow], labels: Labels) -> list[str]:
    """For which series the assumption of independent calls fails, and what that means; for which nothing says so."""
    verdicts = _verdicts(rows)
    failing = [row for row in rows if _fails(verdicts[row.key])]
    fine = [labels[row.key] for row in rows if verdicts[row.key] == "as independent"]
    undefined = [labels[row.key] for row in rows if verdicts[row.key] is None]
    left = len(failing) - MOST_SENTENCES
    return [
        *[_failure(row, labels[row.key], verdicts[row.key]) for row in failing[:MOST_SENTENCES]],
        *([f"It fails for {left:,} more series, which the CSV file names."] if left > 0 else []),
        *_consequences({verdicts[row.key] for row in failing}),
        *([f"No sign of dependence for {named(fine)}, which few pairs would not show."] if fine else []),
        *([f"Not defined for {named(undefined)}: that takes values that differ and come again."] if undefined else []),
    ]


def _verdicts(rows: Sequence[SequenceRow]) -> dict[SeriesKey, Verdict | None]:
    """Judged together: of forty series, two would else seem to depend on nothing but chance."""
    judged = sum(1 for row in rows if row.verdict is not None)
    return {row.key: row.verdict_among(max(1, judged)) for row in rows}


def _fails(verdict: Verdict | None) -> bool:
    return verdict in {"more", "less"}


def _failure(row: SequenceRow, label: str, verdict: Verdict | None) -> str:
    return (
        f"{label}: of {f.counted(row.pairs, 'pair')} of consecutive calls, {f.count(row.repeats)} have the same value "
        f"({intervals.in_words(row.repeats, row.pairs)}), {VERDICTS[verdict]} than the {f.share(row.expected_rate)} "
        "of independent calls: the assumption that calls do not depend on each other fails."
    )


def _consequences(verdicts: set[str | None]) -> list[str]:
    parts = {
        "more": "Where values come in runs, the intervals on this page are too narrow and its coverage is too optimistic.",
        "less": "Where values alternate, the intervals and the coverage on this page can be wrong either way.",
    }
    return [sentence for verdict, sentence in parts.items() if verdict in verdicts]


def _figure(rows: Sequence[SequenceRow], labels: Labels, sql: str) -> Figure:
    verdicts = _verdicts(rows)
    lines = [
        (
            labels[row.key],
            f.count(row.pairs),
            f.share(row.repeat_rate) if row.pairs else f.NONE,
            # Wilson's at no repeat too: the verdict is made by its like.
            intervals.wilson(row.repeats, row.pairs) if row.pairs else f.NONE,
            f.share(row.expected_rate) if row.pairs else f.NONE,
            VERDICTS[verdicts[row.key]],
        )
        for row in sorted(rows, key=lambda row: not _fails(verdicts[row.key]))
    ]
    columns = (
        Column("series", False),
        Column("pairs"),
        Column("same value", term="independence"),
        Column("95% interval", term="interval"),
        Column("if independent"),
        Column("repeats", False),
    )
    return Figure(
        anchor="independence",
        title="Do calls depend on each other?",
        caption="How often consecutive calls of a day have the same value, beside how often independent calls would. "
        "Where an interval that holds for all series together leaves that out, calls depend on each other.",
        table=Table.first(columns, lines, MOST_ROWS),
        csv="sequence.csv",
        sql=sql,
    )
