"""The ladder: a series' clusters from high to low, each with its share by fingerprint, and the values under them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reports import format as f
from reports.names import anchor
from reports.rows import ClusterRow, InSeries, ValueRow
from reports.view import Ladder, Rung, Share, ValueLine
from tasks.core.plan import SeriesKey

PATTERNS = ("p0", "p1", "p2", "p3")
OTHERS = "p4"
UNNAMED = "no fingerprint"
MOST_LADDERS = 24
PAGE_ROWS = 400

R = TypeVar("R", bound=InSeries)
C = TypeVar("C", ClusterRow, "Value")


@dataclass(frozen=True, slots=True)
class Value:
    """One value with its count by fingerprint."""

    logprob: float
    probability_pct: float
    counts: Mapping[str | None, int]

    @property
    def n(self) -> int:
        """How often it was seen."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class LadderRows:
    """What one ladder is made of. `before` are the clusters of the day before; None where there is no such column."""

    key: SeriesKey
    label: str
    color: str
    clusters: Sequence[ClusterRow]
    values: Sequence[Value]
    before: Sequence[ClusterRow] | None = None


def by_series(rows: Sequence[R]) -> dict[SeriesKey, list[R]]:
    """Rows by their series."""
    groups: dict[SeriesKey, list[R]] = defaultdict(list)
    for row in rows:
        groups[row.key].append(row)
    return groups


def values_of(rows: Sequence[ValueRow]) -> list[Value]:
    """A series' values from high to low."""
    by_value: dict[tuple[float, float], dict[str | None, int]] = defaultdict(dict)
    for row in rows:
        by_value[row.logprob, row.probability_pct][row.system_fingerprint] = row.n
    return [Value(*value, counts) for value, counts in sorted(by_value.items(), reverse=True)]


def ladders(every: Sequence[LadderRows]) -> list[Ladder]:
    """A ladder for each series that has values, as many and as long as a page holds."""
    shown = [rows for rows in every if rows.clusters][:MOST_LADDERS]
    most = max(12, PAGE_ROWS // (2 * len(shown))) if shown else 0
    return [ladder(rows, most) for rows in shown]


def link_to(shown: Sequence[Ladder], key: SeriesKey) -> str:
    """The way to a series' ladder; empty where the page shows none."""
    name = anchor("ladder", key)
    return f"#{name}" if any(one.anchor == name for one in shown) else ""


def ladder(rows: LadderRows, most: int) -> Ladder:
    """One series' ladder with at most so many rungs and values: the most frequent, still from high to low."""
    patterns = _patterns(rows.values)
    clusters = _most_frequent(rows.clusters, most)
    values = _most_frequent(rows.values, most)
    before = _matched(clusters, rows.before or [])
    digits = f.percent_digits(p for c in clusters for p in (c.min_pct, c.max_pct))
    rungs = [_rung(c, _counts_within(rows.values, c), patterns, digits, before.get(c.cluster)) for c in clusters]
    return Ladder(
        anchor=anchor("ladder", rows.key),
        label=rows.label,
        color=rows.color,
        legend=_legend(rows.values, patterns),
        rungs=rungs,
        values=_lines(values, clusters),
        note=_note(rows, len(clusters), len(values)),
        has_steps=any(c.grid_point_nat is not None or c.gap_nat is not None for c in clusters),
        has_before=rows.before is not None,
        gone=_gone(rows),
    )


def fingerprints_by_cluster(clusters: Sequence[ClusterRow], values: Sequence[Value]) -> list[int]:
    """How many named fingerprints each cluster came with."""
    return [sum(1 for name in _counts_within(values, cluster) if name) for cluster in clusters]


def _patterns(values: Sequence[Value]) -> dict[str | None, str]:
    """A pattern each for the most frequent fingerprints; the null one is a state like any other."""
    totals: dict[str | None, int] = defaultdict(int)
    for value in values:
        for fingerprint, n in value.counts.items():
            totals[fingerprint] += n
    frequent = sorted(totals, key=lambda name: (-totals[name], name or ""))
    return dict(zip(frequent, PATTERNS, strict=False))


def _legend(values: Sequence[Value], patterns: Mapping[str | None, str]) -> list[Share]:
    """What each pattern stands for; nothing where no fingerprint is named."""
    if set(patterns) <= {None}:
        return []
    has_others = any(name not in patterns for value in values for name in value.counts)
    shown = [Share(pattern, "", _name(fingerprint)) for fingerprint, pattern in patterns.items()]
    return [*shown, Share(OTHERS, "", "all others")] if has_others else shown


def _most_frequent(rows: Sequence[C], most: int) -> list[C]:
    if len(rows) <= most:
        return list(rows)
    kept = set(sorted(range(len(rows)), key=lambda i: -rows[i].n)[:most])
    return [row for i, row in enumerate(rows) if i in kept]


def _counts_within(values: Sequence[Value], cluster: ClusterRow) -> dict[str | None, int]:
    counts: dict[str | None, int] = defaultdict(int)
    for value in values:
        if cluster.min_pct <= value.probability_pct <= cluster.max_pct:
            for fingerprint, n in value.counts.items():
                counts[fingerprint] += n
    return counts


def _rung(
    cluster: ClusterRow,
    counts: Mapping[str | None, int],
    patterns: Mapping[str | None, str],
    digits: int,
    before: float | None,
) -> Rung:
    total = sum(counts.values()) or 1
    parts: dict[str, int] = defaultdict(int)
    for fingerprint, n in counts.items():
        parts[patterns.get(fingerprint, OTHERS)] += n
    names = sorted(_name(name) for name in counts)
    return Rung(
        range=f.percent_range(cluster.min_pct, cluster.max_pct, digits),
        segments=[
            Share(pattern, f"{100 * cluster.share * parts[pattern] / total:.2f}%", f.count(parts[pattern]))
            for pattern in (*PATTERNS, OTHERS)
            if parts.get(pattern)
        ],
        share=f.share(cluster.share),
        n=f.count(cluster.n),
        values=f.count(cluster.distinct_values),
        fingerprints=", ".join(names) if len(names) <= 2 else f"{len(names)} fingerprints",
        step=_step(cluster),
        before="not seen" if before is None else f.share(before),
    )


def _step(cluster: ClusterRow) -> str:
    if cluster.gap_nat is None:
        return f.NONE
    if cluster.grid_point_nat is None:
        return f"{cluster.gap_nat:.4f}"
    return f"{cluster.gap_nat:.4f} ≈ {cluster.grid_point_nat:.10g}"


def _name(fingerprint: str | None) -> str:
    return f.visible(fingerprint) if fingerprint else UNNAMED


def _lines(values: Sequence[Value], clusters: Sequence[ClusterRow]) -> list[ValueLine]:
    digits = f.percent_digits(value.probability_pct for value in values)
    total = sum(cluster.n for cluster in clusters)
    tops = {cluster.max_pct for cluster in clusters}
    return [
        ValueLine(
            probability=f.percent(value.probability_pct, digits),
            logprob=f"{value.logprob:.10g}",
            n=f.count(value.n),
            share=f.share(value.n / total) if total else f.NONE,
            fingerprints=f.joined(
                sorted(f"{_name(name)} \N{MULTIPLICATION SIGN} {n:,}" for name, n in value.counts.items())
            ),
            begins=value.probability_pct in tops,
        )
        for value in values
    ]


def _note(rows: LadderRows, clusters: int, values: int) -> str:
    parts = [
        f"the {shown:,} most frequent of {of:,} {noun}"
        for shown, of, noun in ((clusters, len(rows.clusters), "clusters"), (values, len(rows.values), "values"))
        if shown < of
    ]
    return f"Shown: {f.joined(parts)}; the CSV files hold all." if parts else ""


def _matched(clusters: Sequence[ClusterRow], before: Sequence[ClusterRow]) -> dict[int, float]:
    """Each cluster's share the day before: every earlier cluster counts for the nearest one that it touches."""
    shares: dict[int, float] = defaultdict(float)
    for earlier in before:
        if (cluster := _touching(clusters, earlier)) is not None:
            shares[cluster.cluster] += earlier.share
    return dict(shares)


def _touching(clusters: Sequence[ClusterRow], earlier: ClusterRow) -> ClusterRow | None:
    def distance(cluster: ClusterRow) -> float:
        return max(cluster.min_pct - earlier.max_pct, earlier.min_pct - cluster.max_pct, 0.0)

    nearest = min(clusters, key=distance, default=None)
    return nearest if nearest is not None and distance(nearest) <= nearest.threshold_pp else None


def _gone(rows: LadderRows) -> str:
    """What only the day before had."""
    if not rows.before:
        return ""
    gone = [earlier for earlier in rows.before if _touching(rows.clusters, earlier) is None]
    if not gone:
        return ""
    digits = f.percent_digits(p for c in gone for p in (c.min_pct, c.max_pct))
    shown = [f"{f.percent_range(c.min_pct, c.max_pct, digits)} ({f.share(c.share)})" for c in gone[:6]]
    more = f" and {len(gone) - 6:,} more" if len(gone) > 6 else ""
    return f"Only the day before had {f.counted(len(gone), 'cluster')}: {', '.join(shown)}{more}."
