"""The figures under "How sure", on study and day pages: what was seen of a series, and what more calls would show."""

from collections.abc import Mapping, Sequence

from reports import format as f
from reports import intervals
from reports.ladder import by_series, values_of
from reports.rows import SpreadRow, ValueRow
from reports.view import Column, Figure, Table
from tasks.core.plan import SeriesKey
from tasks.core.statistics import rarefied_values

Labels = Mapping[SeriesKey, str]
MOST_ROWS = 60
RAREFIED_AT = (10, 100, 1_000, 10_000)


def seen_figure(rows: Sequence[SpreadRow], labels: Labels, caption: str, sql: str) -> Figure | None:
    """How much was seen: a row a series; None where nothing was observed."""
    lines = [
        (
            labels[row.key],
            f.count(row.observed),
            f.count(row.distinct_values or 0),
            f.share(row.modal_share),
            intervals.in_cell(row.modal_n, row.observed),
            _share(row.coverage),
            _share(row.unseen_mass),
            f.significant(row.chao1),
        )
        for row in rows
        if row.observed
    ]
    columns = (
        Column("series", False),
        Column("observed", term="observed"),
        Column("values", term="value"),
        Column("most frequent", term="modal"),
        Column("95% interval", term="interval"),
        Column("coverage", term="coverage"),
        Column("unseen", term="unseen"),
        Column("exist, at least", term="chao1"),
    )
    if not lines:
        return None
    return Figure(
        anchor="sure",
        title="How much of it was seen",
        caption=caption,
        table=Table.first(columns, lines, MOST_ROWS),
        csv="spread.csv",
        sql=sql,
    )


def variety_figure(rows: Sequence[SpreadRow], values: Sequence[ValueRow], labels: Labels, sql: str) -> Figure | None:
    """How many values equally many calls show: a row a series; None where nothing was observed."""
    observed = [row for row in rows if row.observed]
    if not observed:
        return None
    counts = {key: [value.n for value in values_of(group)] for key, group in by_series(values).items()}
    sizes = [m for m in RAREFIED_AT if any(row.observed >= m for row in observed)]
    lines = [
        (
            labels[row.key],
            f.significant(row.effective_values),
            _share(row.gini_simpson),
            *(_rarefied(counts.get(row.key, []), m) for m in sizes),
        )
        for row in observed
    ]
    columns = (
        Column("series", False),
        Column("effective values", term="effective"),
        Column("two calls differ", term="differ"),
        *(Column(f"in {f.count(m)} calls", term="rarefied") for m in sizes),
    )
    return Figure(
        anchor="variety",
        title="How many values so many calls show",
        caption="Series of different size are compared by what equally many of their calls would show.",
        table=Table.first(columns, lines, MOST_ROWS),
        csv="spread.csv",
        sql=sql,
    )


def _share(share: float | None) -> str:
    """Of what was observed: one call alone has no coverage, and differs from no other."""
    return f.NOT_DEFINED if share is None else f.share(share)


def _rarefied(counts: list[int], m: int) -> str:
    return f.significant(rarefied_values(counts, m)) if m <= sum(counts) else f.NONE
