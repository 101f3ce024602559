"""The figures of a day page: tables, each beside the day before."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol

from reports import chances, intervals
from reports import format as f
from reports.distances import DISTANCES, in_cells
from reports.rows import DayRow
from reports.rows_of_calls import CostRow, FingerprintDayRow, OutcomeRow
from reports.rows_of_change import DriftRow
from reports.view import Column, Figure, Table
from reports.words_of_change import REQUEST_CHANGED
from tasks.core.plan import SeriesKey

Labels = Mapping[SeriesKey, str]


class Sides(Protocol):
    """A series on the day, and on the day before."""

    @property
    def label(self) -> str: ...
    @property
    def today(self) -> DayRow: ...
    @property
    def before(self) -> DayRow | None: ...


def spread_figure(sides: Sequence[Sides]) -> Figure | None:
    """How far the day's values spread; a row a series and day."""
    observed = [side for side in sides if side.today.observed]
    if not observed:
        return None
    lines = [line for side in observed for line in (side.today, side.before) if line is not None]
    digits = f.percent_digits(
        p for line in lines for p in (line.min_pct, line.max_pct, line.modal_pct) if p is not None
    )
    rows = [
        _spread_row(side.label if line is side.today else "", line, min(digits, 6))
        for side in observed
        for line in (side.today, side.before)
        if line is not None
    ]
    columns = (
        Column("series", False),
        Column("day", False),
        Column("observed", term="observed"),
        Column("values", term="value"),
        Column("lowest"),
        Column("highest"),
        Column("range", term="range"),
        Column("most frequent", term="modal"),
        Column("its share"),
    )
    return Figure(
        anchor="spread",
        title="The day beside the day before",
        caption="For each series the day, and below it the previous day with data. More calls find more values.",
        table=Table.cut(columns, rows),
        csv="spread.csv",
        sql="day_spread",
    )


def distances_figure(rows: Sequence[DriftRow], labels: Labels) -> Figure | None:
    """How far the day lies from the day before and from its baseline: two rows a series; None without either."""
    compared = [row for row in rows if row.previous_day is not None and row.reason != REQUEST_CHANGED]
    # In the order of the labels, which is the page's.
    places = {key: place for place, key in enumerate(labels)}
    compared.sort(key=lambda row: places[row.key])
    if not compared:
        return None
    columns = (
        Column("series", False),
        Column("against", False, "baseline"),
        *DISTANCES,
        Column("p", term="p_value"),
        Column("q", term="q_value"),
    )
    lines = [line for row in compared for line in _distance_lines(row, labels[row.key])]
    return Figure(
        anchor="distances",
        title="How far from the days before",
        caption="Against the previous day with data, and against the baseline, the quiet days before it. Only the baseline "
        "is tested; q is p after all series of the day are taken together.",
        table=Table.cut(columns, lines),
        csv="changes.csv",
        sql="day_drift",
    )


def _distance_lines(row: DriftRow, label: str) -> list[tuple[str, ...]]:
    previous = (row.wasserstein_pp, row.ks, row.jaccard, row.js_bits, row.total_variation, row.lt_nat)
    baseline = (
        row.baseline_wasserstein_pp,
        row.baseline_ks,
        row.baseline_jaccard,
        row.baseline_js_bits,
        row.baseline_total_variation,
        row.baseline_lt_nat,
    )
    days = f"{f.counted(row.baseline_days, 'day')}, {f.days(row.baseline_first_day, row.baseline_last_day)}"
    return [
        (label, f.day(row.previous_day), *in_cells(*previous), f.NONE, f.NONE),
        ("", days, *in_cells(*baseline), chances.in_cell(row.p_value), chances.in_cell(row.q_value)),
    ]


def _spread_row(label: str, line: DayRow, digits: int) -> tuple[str, ...]:
    return (
        label,
        f.day(line.day),
        f.count(line.observed),
        f.count(line.distinct_values or 0),
        f.percent(line.min_pct, digits),
        f.percent(line.max_pct, digits),
        f.points(line.range_pp),
        f.percent(line.modal_pct, digits),
        f.share(line.modal_share),
    )


def fingerprints_figure(rows: Sequence[FingerprintDayRow], day: dt.date, labels: Labels) -> Figure | None:
    """Each fingerprint's share of the day and of the day before; None where none is named."""
    named = {row.key for row in rows if row.system_fingerprint}
    shares: dict[tuple[SeriesKey, str | None], dict[bool, FingerprintDayRow]] = defaultdict(dict)
    for row in rows:
        if row.key in named:
            shares[row.key, row.system_fingerprint][row.day == day] = row
    if not shares:
        return None
    compared = {row.key for row in rows if row.day != day}
    answers = {key: sum(row.n for row in rows if row.key == key and row.day == day) for key in named}
    lines = [
        (
            labels[key],
            f.visible(name) if name else "none named",
            f.count(sides[True].n) if True in sides else "0",
            f.share(sides[True].share) if True in sides else "not seen",
            intervals.in_cell(sides[True].n if True in sides else 0, answers[key]),
            _share_before(key, sides, compared),
        )
        for (key, name), sides in shares.items()
    ]
    columns = (
        Column("series", False),
        Column("fingerprint", False, "fingerprint"),
        Column("answers"),
        Column("share"),
        Column("95% interval", term="interval"),
        Column("day before"),
    )
    return Figure(
        anchor="fingerprints",
        title="Fingerprints of the day",
        caption="Shares of the answers of the day, and of the previous day with answers.",
        table=Table.cut(columns, lines),
        csv="fingerprints.csv",
        sql="day_fingerprints",
    )


def _share_before(key: SeriesKey, sides: Mapping[bool, FingerprintDayRow], compared: set[SeriesKey]) -> str:
    if key not in compared:
        return f.NONE
    return f.share(sides[False].share) if False in sides else "not seen"


def outcomes_figure(rows: Sequence[OutcomeRow], labels: Labels) -> Figure | None:
    """What became of the calls, by kind and status; None without any."""
    if not rows:
        return None
    lines = [
        (
            labels[row.key],
            f.visible(row.outcome).replace("_", " "),
            _status(row.status),
            f.count(row.n),
            f.count(row.attempts) if row.attempts is not None else f.UNKNOWN,
            _seconds(row.mean_latency_s),
            _seconds(row.max_latency_s),
        )
        for row in rows
    ]
    columns = (
        Column("series", False),
        Column("outcome", False, "failed"),
        Column("status", False),
        Column("calls"),
        Column("attempts"),
        Column("mean latency"),
        Column("longest"),
    )
    return Figure(
        anchor="availability",
        title="What became of the calls",
        caption="Every call counts once, after its last attempt.",
        table=Table.cut(columns, lines),
        csv="availability.csv",
        sql="day_outcomes",
    )


def _status(status: int | None) -> str:
    return "no response" if status == 0 else f.UNKNOWN if status is None else str(status)


def _seconds(seconds: float | None) -> str:
    return f.UNKNOWN if seconds is None else f"{f.significant(seconds, 2)} s"


def cost_figure(rows: Sequence[CostRow], labels: Labels) -> Figure | None:
    """Calls, tokens and dollars by series; None without calls."""
    if not rows:
        return None
    lines = [
        (
            labels[row.key],
            f.count(row.calls),
            _tokens(row.prompt_tokens),
            _tokens(row.completion_tokens),
            f.dollars(row.usd),
        )
        for row in rows
    ]
    columns = (
        Column("series", False),
        Column("calls"),
        Column("prompt tokens"),
        Column("completion tokens"),
        Column("cost"),
    )
    return Figure(
        anchor="cost",
        title="Cost",
        caption="At the prices declared for the endpoint; without one, a cost is unknown.",
        table=Table.cut(columns, lines),
        csv="cost.csv",
        sql="day_cost",
    )


def _tokens(tokens: int | None) -> str:
    return f.UNKNOWN if tokens is None else f.count(tokens)
