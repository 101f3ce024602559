"""For how long calls agree: the share that still follows their day's most frequent completion, by token."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports import format as f
from reports.names import series_labels
from reports.rows_of_texts import DistanceRow, DivergenceRow
from reports.view import Column, Figure, Table
from reports.words_of_texts import weighted_median
from tasks.core.plan import SeriesKey

ANCHOR = "survival"
MOST_PANELS = 12
MOST_STEPS = 60
CHECKED_AT = (1, 5, 10, 25, 50, 100, 200, 400, 1_000)


@dataclass(frozen=True, slots=True)
class Curve:
    """Calls by how much they share: `left` are (position, calls) in order, `stay` those that share all of it."""

    key: SeriesKey
    unit: str
    left: list[tuple[int, int]]
    stay: int

    @property
    def calls(self) -> int:
        """All calls."""
        return self.stay + sum(n for _, n in self.left)

    def agreeing(self, position: int) -> float:
        """The share of calls whose first `position` tokens are those of the most frequent completion."""
        at = bisect_left(self.left, (position, 0))
        return (self.stay + sum(n for _, n in self.left[at:])) / self.calls

    def steps(self) -> list[tuple[int, float]]:
        """Where the curve falls and to which share, at most MOST_STEPS of it; it begins at all."""
        every = [position + 1 for position, _ in self.left]
        kept = every[:: max(1, -(-len(every) // MOST_STEPS))]
        return [(0, 1.0), *((position, self.agreeing(position)) for position in kept)]


def curves(rows: Sequence[DivergenceRow]) -> list[Curve]:
    """One curve a series, or where they are too many for that one an arm: over its prompts, all in one unit."""
    keys = {row.key for row in rows}
    by_arm = len(keys) > MOST_PANELS
    groups: dict[tuple[SeriesKey, str], Counter[int | None]] = defaultdict(Counter)
    for row in rows:
        groups[_over_prompts(row.key) if by_arm else row.key, row.unit][row.position] += row.n
    made = [
        Curve(key, unit, sorted((p, n) for p, n in counts.items() if p is not None), counts[None])
        for (key, unit), counts in groups.items()
    ]
    # Two units share no axis: that of most calls is drawn.
    totals: Counter[str] = Counter()
    for curve in made:
        totals[curve.unit] += curve.calls
    return [curve for curve in made if curve.unit == totals.most_common(1)[0][0]]


def _over_prompts(key: SeriesKey) -> SeriesKey:
    return key._replace(prompt="")


def curve_labels(every: Sequence[Curve], labels: Mapping[SeriesKey, str]) -> dict[SeriesKey, str]:
    """The series' labels, or the arms' where curves are over prompts."""
    over_prompts = series_labels([curve.key for curve in every])
    return {curve.key: labels.get(curve.key, over_prompts[curve.key]) for curve in every}


def survival_figure(every: Sequence[Curve], labels: Mapping[SeriesKey, str], sql: str) -> Figure | None:
    """The curves in words and numbers; None where no call differs."""
    if not any(curve.left for curve in every):
        return None
    unit = every[0].unit
    longest = max(curve.left[-1][0] for curve in every if curve.left)
    marks = [at for at in CHECKED_AT if at <= longest + 1]
    shown = sum(1 for curve in every if curve.left)
    drawn = min(shown, MOST_PANELS)
    return Figure(
        anchor=ANCHOR,
        title="For how long calls agree",
        caption=f"The share of calls whose first {unit}s are those of their day's most frequent completion. The curve falls "
        "where calls leave it; series whose calls all agree are in the table alone."
        " Half share: how much of it half of the calls that leave share; the first to leave shares least."
        + (f" The first {drawn} of {shown:,} are drawn." if shown > drawn else ""),
        alt=f"Falling curves of {f.counted(drawn, 'series', 'series')}, by {unit}; the numbers are in the table below.",
        table=Table.first(_columns(unit, marks), [_row(curve, labels[curve.key], marks) for curve in every], 60),
        csv="divergence.csv",
        sql=sql,
    )


def _columns(unit: str, marks: Sequence[int]) -> tuple[Column, ...]:
    return (
        Column("series", False),
        Column("calls"),
        *(
            Column(f.counted(at, unit) if at == marks[0] else f.count(at), term="survival" if at == marks[0] else "")
            for at in marks
        ),
        Column("all of it"),
        Column("half share", term="divergence"),
        Column("least shared"),
    )


def _row(curve: Curve, label: str, marks: Sequence[int]) -> tuple[str, ...]:
    return (
        label,
        f.count(curve.calls),
        *(f.share(curve.agreeing(at)) for at in marks),
        f.share(curve.stay / curve.calls),
        f"{f.counted(weighted_median(curve.left), curve.unit)}" if curve.left else f.NONE,
        f"{f.counted(curve.left[0][0], curve.unit)}" if curve.left else f.NONE,
    )


def distance_figure(rows: Sequence[DistanceRow], labels: Mapping[SeriesKey, str], sql: str) -> Figure | None:
    """How far completions lie apart; None where nothing was measured, or no two differ."""
    measured = [row for row in rows if row.edit_pairs is not None or row.distance_pairs is not None]
    apart = [row for row in measured if row.distance_pairs or row.edit_pairs]
    if not apart:
        return None
    if len(measured) > MOST_PANELS:
        measured = sorted(apart, key=lambda row: -(row.distance_pairs or row.edit_pairs or 0))
    lines = [
        (labels[row.key], *map(_distance, (row.distance_first, row.distance_pairs, row.edit_first, row.edit_pairs)))
        for row in measured
    ]
    columns = (
        Column("series", False),
        Column("embeddings, first to the others", term="distance"),
        Column("embeddings, all pairs", term="distance"),
        Column("edits, first to the others", term="edit_distance"),
        Column("edits, all pairs", term="edit_distance"),
    )
    kept = [i for i in range(len(columns)) if any(line[i] != f.NONE for line in lines)]
    return Figure(
        anchor="text-distances",
        title="How far completions lie apart",
        caption="Within a day, over its calls; of several days the mean. 0 is the same text. An embedding distance is 1 less "
        "the cosine; an edit distance is the share of the longer text that would have to be changed.",
        table=Table.first(tuple(columns[i] for i in kept), [tuple(line[i] for i in kept) for line in lines], 60),
        csv="text-distances.csv",
        sql=sql,
    )


def _distance(distance: float | None) -> str:
    return f.NONE if distance is None else f.significant(distance)
