"""The figures of a comparison: both sides beside each other, the distances, and what only one side has."""

import math
from collections.abc import Mapping

from reports import chances, intervals
from reports import format as f
from reports.compared import ComparedPair, SideOfPair, most_frequent
from reports.names import anchor
from reports.view import Column, Figure, Table
from reports.words_of_change import fraction
from tasks.core.comparison import Cluster, rarefied

MOST_CLUSTERS = 60
MOST_COMPLETIONS = 20
MOST_CHARACTERS = 160
# What each is called, and its unit.
DISTANCES = (
    ("wasserstein_pp", "apart (Wasserstein)", "pp"),
    ("support", "calls with values that the other side lacks", "share"),
    ("jaccard", "common values", "share"),
    ("js_bits", "divergence (Jensen and Shannon)", "bit"),
    ("ks", "largest step (Kolmogorov and Smirnov)", "share"),
    ("total_variation", "completions moved", "share"),
    ("completions_support", "calls with completions that the other side lacks", "share"),
    ("lt_nat", "tokens", "nat"),
)


def sides_figure(pair: ComparedPair, left: str, right: str) -> Figure:
    """What each side showed, counts at the same number of calls."""
    columns = (Column("", False), Column(left), Column(right))
    lines = [(name, *cells) for name, *cells in _facts(pair) if any(cell != f.NONE for cell in cells)]
    return Figure(
        anchor=anchor("sides", pair.left.key),
        title="Side by side",
        caption="More calls find more values: those of both sides are compared in as many calls as the smaller has.",
        table=Table.first(columns, lines, len(lines)),
        csv="sides.csv",
        sql="compare_requests",
    )


def _facts(pair: ComparedPair) -> list[tuple[str, str, str]]:
    sides = (pair.left, pair.right)
    made = rarefied(pair.left.span.values, pair.right.span.values)
    least, *equally = made if made else (0, None, None)
    digits = f.percent_digits(end for side in sides for end in _ends(side))
    facts = {
        "days": [f"{f.count(len(s.days))}: {f.days(s.days[0], s.days[-1])}" for s in sides],
        "calls": [f.count(s.calls) for s in sides],
        "failed": [f.count(s.failures) for s in sides],
        "with a value": [f.count(sum(s.span.values.values())) for s in sides],
        "values": [f.count(len(s.span.values)) for s in sides],
        f"values in {f.counted(least, 'call')}": [f.significant(n) if n is not None else f.NONE for n in equally],
        "lowest": [f.percent(_ends(s)[0], digits) if s.span.values else f.NONE for s in sides],
        "highest": [f.percent(_ends(s)[1], digits) if s.span.values else f.NONE for s in sides],
        "most frequent": [_modal(s, digits) for s in sides],
        "completions": [f.count(len(s.span.completions)) if s.span.completions else f.NONE for s in sides],
        "logit grid": [f"{fraction(s.grid_step_nat)} nat" if s.grid_step_nat else f.NONE for s in sides],
        "fingerprints": [_named(s) for s in sides],
    }
    return [(name, first, second) for name, (first, second) in facts.items()]


def _ends(side: SideOfPair) -> list[float]:
    """The lowest and the highest probability, in percent; nothing without values."""
    values = side.span.values
    return [percent_of(min(values)), percent_of(max(values))] if values else []


def percent_of(logprob: float) -> float:
    """A probability in percent."""
    return 100 * math.exp(logprob)


def _modal(side: SideOfPair, digits: int) -> str:
    values = side.span.values
    if not values:
        return f.NONE
    modal = max(values, key=lambda value: (values[value], value))
    n = sum(values.values())
    return (
        f"{f.percent(percent_of(modal), digits)} in {f.share(values[modal] / n)} ({intervals.wilson(values[modal], n)})"
    )


def _named(side: SideOfPair) -> str:
    if not side.fingerprints:
        return f.NOT_OBSERVABLE
    shown = [f.visible(name) for name in side.fingerprints[:3]]
    more = len(side.fingerprints) - 3
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def distances_figure(pair: ComparedPair) -> Figure | None:
    """Every distance with its p-value in words; None where nothing could be compared."""
    figures = pair.comparison.figures
    lines = [
        (name, _amount(figures[key].statistic, unit, key), chances.in_cell(figures[key].p_value), _says(key, pair))
        for key, name, unit in DISTANCES
        if key in figures and (figures[key].statistic or figures[key].p_value is not None or key == "wasserstein_pp")
    ]
    if not lines:
        return None
    columns = (Column("distance", False, "wasserstein"), Column("is"), Column("p", term="p_value"), Column("", False))
    return Figure(
        anchor=anchor("distances", pair.left.key),
        title="How far apart",
        caption="A p-value is the share of random exchanges of calls between the sides that lie as far apart.",
        table=Table.first(columns, lines, len(lines)),
        csv="distances.csv",
        sql="compare_requests",
    )


def _amount(statistic: float | None, unit: str, name: str) -> str:
    if statistic is None:
        return f.NONE
    if unit == "share":
        # Both sides' shares, added up: a half of it is that of all calls, were the sides of equal size.
        return f.share(statistic / 2 if name.endswith("support") else statistic)
    return f"{f.significant(statistic)} {unit}"


def _says(name: str, pair: ComparedPair) -> str:
    figure = pair.comparison.figures[name]
    return chances.verdict(figure.p_value) if figure.p_value is not None else ""


def clusters_figure(pair: ComparedPair, left: str, right: str) -> Figure | None:
    """The clusters of both sides together, and who has them; None without values."""
    if not pair.clusters:
        return None
    totals = [
        max(1, sum(cluster.left for cluster in pair.clusters)),
        max(1, sum(cluster.right for cluster in pair.clusters)),
    ]
    digits = f.percent_digits(p for cluster in pair.clusters for p in (cluster.low_pct, cluster.high_pct))
    lines = [
        (
            f.percent_range(cluster.low_pct, cluster.high_pct, digits),
            f.share(cluster.left / totals[0]) if cluster.left else f.NONE,
            f.share(cluster.right / totals[1]) if cluster.right else f.NONE,
            whose(cluster, left, right),
        )
        for cluster in reversed(pair.clusters)
    ]
    columns = (Column("cluster", False, "clusters"), Column(left), Column(right), Column("who has it", False))
    return Figure(
        anchor=anchor("common-axis", pair.left.key),
        title="On a common axis",
        caption="Each mark is a cluster, its area the share of that side's calls; a diamond is one that the other side "
        "lacks. The probability axis is in log-odds.",
        table=Table.first(columns, lines, MOST_CLUSTERS),
        csv="clusters.csv",
        sql="compare_requests",
        alt=f"Clusters of {left} and of {right} by probability; the numbers are in the table below.",
    )


def whose(cluster: Cluster, left: str, right: str) -> str:
    """Which side has it."""
    if cluster.left and cluster.right:
        return "both"
    return f"only {left if cluster.left else right}"


def completions_figure(pair: ComparedPair, texts: Mapping[str, str], left: str, right: str) -> Figure | None:
    """The most frequent completions of either side; None where all are one, or there are none."""
    counts = pair.left.span.completions, pair.right.span.completions
    every = len(counts[0].keys() | counts[1].keys())
    if every < 2:
        return None
    totals = [max(1, sum(side.values())) for side in counts]
    lines = [
        (_cut(texts.get(one, "")), *(_share(side.get(one, 0), n) for side, n in zip(counts, totals, strict=True)))
        for one in most_frequent(*counts, MOST_COMPLETIONS)
    ]
    columns = (Column("completion", False), Column(left), Column(right))
    more = f" The {MOST_COMPLETIONS} most frequent of {every:,}." if every > MOST_COMPLETIONS else ""
    return Figure(
        anchor=anchor("completions", pair.left.key),
        title="Completions",
        caption=f"The share of each side's calls that gave it; a dash where a side never did.{more}",
        table=Table.first(columns, lines, MOST_COMPLETIONS),
        csv="completions.csv",
        sql="compare_texts",
    )


def _share(n: int, calls: int) -> str:
    return f.share(n / calls) if n else f.NONE


def _cut(text: str) -> str:
    shown = f.visible(text)
    return shown if len(shown) <= MOST_CHARACTERS else f"{shown[:MOST_CHARACTERS]} …"
