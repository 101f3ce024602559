"""Does the fingerprint explain it? Clusters against fingerprints: a sentence a series, and a table."""

from collections.abc import Mapping, Sequence

from reports import chances
from reports import format as f
from reports.rows_of_change import AssociationRow
from reports.view import Column, Figure, Table
from tasks.core.plan import SeriesKey

MOST_ROWS = 60
BOTH = 2
# How much of the clusters' uncertainty must be gone for a fingerprint to explain them.
WHOLLY, LARGELY, PARTLY = 0.99, 0.5, 0.1


def explains(rows: Sequence[AssociationRow], threshold_pp: float) -> list[str]:
    """Whether the fingerprint of a call says which cluster it gets; one series' rows. Nothing where none is named."""
    row = next((row for row in rows if row.threshold_pp == threshold_pp), None)
    if row is None or not row.fingerprints or not row.clusters or row.clusters < BOTH:
        return []
    if row.fingerprints < BOTH:
        every = "both" if row.clusters == BOTH else f"all {f.count(row.clusters)}"
        return [f"One fingerprint served {every} clusters: it does not explain which a call gets."]
    if row.p_value is None:
        return ["No two fingerprints answered on one day: whether they explain the clusters, or the days do, is open."]
    strength = row.cramers_v_within_days
    v = (
        []
        if strength is None
        else [f"V = {f.significant(strength, 2)}{'' if row.days_within == 1 else ' within days'}"]
    )
    bracket = ", ".join([*v, chances.chance("p", row.p_value)])
    if row.p_value > chances.SELDOM:
        return [f"{_none(row.fingerprints)} explains which cluster a call gets: {bracket}."]
    return [f"The fingerprint {_how_much(row)} which cluster a call gets: {bracket}{_uncertainty(row)}."]


def _none(fingerprints: int) -> str:
    return "Neither" if fingerprints == BOTH else f"None of the {f.count(fingerprints)}"


def _how_much(row: AssociationRow) -> str:
    known = row.u_cluster_given_fingerprint_within_days or 0
    if known >= WHOLLY:
        return "says"
    if known >= LARGELY:
        return "says for the most part"
    return "says in part" if known >= PARTLY else "hardly says"


def _uncertainty(row: AssociationRow) -> str:
    if row.u_cluster_given_fingerprint_within_days is None:
        return ""
    return f"; knowing it removes {f.share(row.u_cluster_given_fingerprint_within_days, 0)} of the uncertainty"


def association_figure(rows: Sequence[AssociationRow], labels: Mapping[SeriesKey, str]) -> Figure | None:
    """Both measures with their p-values, a row a series and threshold; None where no day had two fingerprints."""
    defined = [row for row in rows if row.p_value is not None]
    if not defined:
        return None
    columns = (
        Column("series", False),
        Column("threshold", term="clusters"),
        Column("clusters"),
        Column("fingerprints"),
        Column("calls"),
        Column("days"),
        Column("Cramér's V", term="association"),
        Column("U(cluster)", term="uncertainty"),
        Column("U(fingerprint)", term="uncertainty"),
        Column("p", term="p_value"),
    )
    return Figure(
        anchor="association",
        title="Does the fingerprint explain the clusters?",
        caption="0 says nothing, 1 everything: of each day with several fingerprints and clusters, weighted by its calls. The "
        "p-value is the share of random exchanges of fingerprints within each day that explain as much. The CSV file has V "
        "and U of all days pooled as well, where days can pass for fingerprints.",
        table=Table.first(columns, [_line(row, labels[row.key]) for row in defined], MOST_ROWS),
        csv="association.csv",
        sql="study_association",
    )


def _line(row: AssociationRow, label: str) -> tuple[str, ...]:
    return (
        label,
        f"{f.significant(row.threshold_pp)} pp",
        f.count(row.clusters or 0),
        f.count(row.fingerprints or 0),
        f.count(row.observed or 0),
        f.count(row.days_within or 0),
        _figure(row.cramers_v_within_days),
        _figure(row.u_cluster_given_fingerprint_within_days),
        _figure(row.u_fingerprint_given_cluster_within_days),
        chances.in_cell(row.p_value),
    )


def _figure(value: float | None) -> str:
    return f.NONE if value is None else f.significant(value, 2)
