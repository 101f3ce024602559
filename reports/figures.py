"""The figures of a study page in words and numbers: titles, captions, text alternatives, tables."""

from collections import defaultdict
from collections.abc import Mapping

from reports import format as f
from reports import intervals
from reports.bands import Bands
from reports.over_days import OverDays, shares_axis
from reports.queries import StudyRows
from reports.view import Column, Figure, Table
from tasks.core.plan import SeriesKey

Labels = Mapping[SeriesKey, str]
IN_TABLE = "the numbers are in the table below"
MOST_LIVES = 120


def values_figure(figure: OverDays, labels: Labels) -> Figure:
    """Values over days."""
    digits = f.percent_digits(p for panel in figure.panels for d in panel.discs for p in (d.low_pct, d.high_pct))
    rows = [
        (
            disc.period.text,
            labels[panel.key],
            f.percent_range(disc.low_pct, disc.high_pct, digits),
            f.count(disc.n),
            f.share(disc.share),
        )
        for panel in figure.panels
        for disc in panel.discs
    ]
    columns = (
        Column("day", False),
        Column("series", False),
        Column("probability", term="value"),
        Column("calls"),
        Column("share"),
    )
    return Figure(
        anchor="values-over-days",
        title="Values over days",
        caption=_values_caption(figure),
        alt=f"Probabilities of {f.counted(len(figure.panels), 'series', 'series')} by day, "
        f"from {f.days(figure.first, figure.last)}; {IN_TABLE}.",
        table=Table.cut(columns, sorted(rows)),
        csv="values-over-days.csv",
        sql="study_discs_by_day",
    )


def _values_caption(figure: OverDays) -> str:
    single = all(d.low_pct == d.high_pct for p in figure.panels for d in p.discs)
    left = (
        f"The {len(figure.panels)} series that vary most; {figure.left_out:,} more are in the CSV file."
        if figure.left_out
        else ""
    )
    parts = (
        f"Each mark is a {'value' if single else 'cluster of values'}, its area the share of that day's calls; "
        "grey days have no data"
        + (", a dashed line marks a change" if any(p.changes for p in figure.panels) else "")
        + ". The probability axis is in log-odds, so that 97% and 99.9% both have room.",
        "Each panel has an axis of its own." if len(figure.panels) > 1 and not shares_axis(figure) else "",
        figure.note,
        f"The {figure.rarer:,} rarest marks are only in the CSV file." if figure.rarer else "",
        left,
    )
    return " ".join(part for part in parts if part)


def fingerprint_figure(rows: StudyRows, figure: Bands | None, labels: Labels) -> Figure | None:
    """Fingerprints over days: each one's life, and its band where there are days to draw it over."""
    answers = answers_by_series(rows)
    lines = [
        (
            labels[row.key],
            f.visible(row.system_fingerprint),
            f.days(row.first_day, row.last_day),
            f.count(row.days_seen),
            f.count(row.n),
            f.share(row.n / answers[row.key]),
            intervals.in_cell(row.n, answers[row.key]),
            row.status,
        )
        for row in rows.lifetimes
        if row.system_fingerprint
    ]
    columns = (
        Column("series", False),
        Column("fingerprint", False, "fingerprint"),
        Column("first and last day", False),
        Column("days"),
        Column("answers"),
        Column("share"),
        Column("95% interval", term="interval"),
        Column("end", False, "lifetime"),
    )
    if not lines:
        return None
    return Figure(
        anchor="fingerprints",
        title="Fingerprints over days",
        caption=_fingerprint_caption(figure) if figure else "The lives of the fingerprints that answers named.",
        alt=f"{f.counted(len(figure.bands), 'band')} from {f.days(figure.first, figure.last)}; {IN_TABLE}."
        if figure
        else "",
        table=Table.cut(columns, lines, MOST_LIVES),
        csv="fingerprints.csv",
        sql="study_fingerprints_by_day",
    )


def answers_by_series(rows: StudyRows) -> dict[SeriesKey, int]:
    """How many answers, named or not, the shares of a series' fingerprints are of."""
    answers: dict[SeriesKey, int] = defaultdict(int)
    for row in rows.fingerprints:
        answers[row.key] += row.n
    return answers


def _fingerprint_caption(figure: Bands) -> str:
    more = f"{figure.left_out:,} more bands are in the CSV file." if figure.left_out else ""
    parts = (
        "A band for each fingerprint: the stronger, the larger its share of that day's answers. A triangle "
        "marks a birth, a bar a confirmed end, an open circle an end that too few later calls confirm.",
        "A dashed line marks an alarm that a fingerprint is the reason of." if figure.changes else "",
        figure.note,
        more,
    )
    return " ".join(part for part in parts if part)


def availability_figure(rows: StudyRows) -> Figure | None:
    """What became of each day's calls, a row a day."""
    by_day: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows.outcomes:
        by_day[f.day(row.day)][row.outcome] += row.n
    if not by_day:
        return None
    kinds = sorted({kind for counts in by_day.values() for kind in counts if kind != "ok"})
    costs = _costs(rows)
    lines = [
        (
            day,
            f.count(sum(counts.values())),
            f.share(counts.get("ok", 0) / sum(counts.values())),
            *(f.count(counts.get(kind, 0)) for kind in kinds),
            costs.get(day, f.UNKNOWN),
        )
        for day, counts in sorted(by_day.items())
    ]
    columns = (
        Column("day", False),
        Column("calls"),
        Column("with a value", term="observed"),
        *(Column(f.visible(kind).replace("_", " "), term="failed" if kind == "failed" else "") for kind in kinds),
        Column("cost"),
    )
    table = Table.cut(columns, lines)
    return Figure(
        anchor="availability",
        title="Calls by day",
        caption="Failed calls count in every share. A cost without a declared price is unknown.",
        table=Table(columns, table.rows, [f"{row[0]}.html" for row in table.rows], table.note),
        csv="availability.csv",
        sql="study_outcomes_by_day",
    )


def _costs(rows: StudyRows) -> dict[str, str]:
    """The dollars of each day; unknown as soon as one series' are."""
    by_day: dict[str, list[float | None]] = defaultdict(list)
    for row in rows.cost:
        by_day[f.day(row.day)].append(row.usd)
    known = {day: [usd for usd in every if usd is not None] for day, every in by_day.items()}
    return {day: f.dollars(sum(known[day]) if len(known[day]) == len(every) else None) for day, every in by_day.items()}
