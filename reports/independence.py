"""Whether calls depend on each other: how often consecutive ones repeat a value, beside what independent ones would."""

from collections.abc import Mapping, Sequence

from reports import format as f
from reports import intervals
from reports.rows import SequenceRow
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
    failing = [row for row in rows if _fails(row)]
    fine = [labels[row.key] for row in rows if row.verdict == "as independent"]
    undefined = [labels[row.key] for row in rows if row.verdict is None]
    left = len(failing) - MOST_SENTENCES
    return [
        *[_failure(row, labels[row.key]) for row in failing[:MOST_SENTENCES]],
        *([f"It fails for {left:,} more series, which the CSV file names."] if left > 0 else []),
        *_consequences({row.verdict for row in failing}),
        *([f"Nothing speaks against independent calls for {named(fine)}."] if fine else []),
        *([f"Not defined for {named(undefined)}: it takes values that differ and come again."] if undefined else []),
    ]


def _fails(row: SequenceRow) -> bool:
    return row.verdict in {"more", "less"}


def _failure(row: SequenceRow, label: str) -> str:
    return (
        f"{label}: of {f.counted(row.pairs, 'pair')} of consecutive calls, {f.count(row.repeats)} have the same value "
        f"({intervals.in_words(row.repeats, row.pairs)}), {VERDICTS[row.verdict]} than the {f.share(row.expected_rate)} "
        "of independent calls: the assumption that calls do not depend on each other fails."
    )


def _consequences(verdicts: set[str | None]) -> list[str]:
    parts = {
        "more": "Where values come in runs, the intervals on this page are too narrow and its coverage is too optimistic.",
        "less": "Where values alternate, the intervals and the coverage on this page can be wrong either way.",
    }
    return [sentence for verdict, sentence in parts.items() if verdict in verdicts]


def _figure(rows: Sequence[SequenceRow], labels: Labels, sql: str) -> Figure:
    lines = [
        (
            labels[row.key],
            f.count(row.pairs),
            f.share(row.repeat_rate) if row.pairs else f.NONE,
            # Wilson's at no repeat too: the verdict is made by it.
            intervals.wilson(row.repeats, row.pairs) if row.pairs else f.NONE,
            f.share(row.expected_rate) if row.pairs else f.NONE,
            VERDICTS[row.verdict],
        )
        for row in sorted(rows, key=_fails, reverse=True)
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
        "Where the 95% interval leaves that out, calls depend on each other.",
        table=Table.first(columns, lines, MOST_ROWS),
        csv="sequence.csv",
        sql=sql,
    )
