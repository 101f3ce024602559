"""The logit grid in words: why there are clusters, and on which days the grid was another."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from reports import format as f
from reports.ladder import by_series
from reports.rows import ClusterRow
from reports.rows_of_change import GridDayRow, GridRow
from reports.view import Column, Figure, Table
from reports.words_of_change import fraction
from tasks.core.plan import SeriesKey
from tasks.core.spacing import is_bfloat16, spacing_nat

_STEPS = {1.0: "a nat", 0.5: "half a nat", 0.25: "a quarter of a nat", 0.125: "an eighth of a nat", 0.0625: "1/16 nat"}
MOST_ROWS = 60


def clusters_stand(clusters: Sequence[ClusterRow], grid: GridRow | None) -> str:
    """How one series' clusters stand apart, as the end of a sentence on how many; "" where no grid says it."""
    gaps = [cluster.gap_nat for cluster in clusters if cluster.gap_nat is not None]
    if len(clusters) < 2:
        return ""
    step = spacing_nat(gaps) if len(gaps) == len(clusters) else None
    if step is not None:
        return f" {_apart(step)} apart: the steps of a {_format(step)} logit"
    if grid is None or grid.grid_step_nat is None or not grid.clusters_explained:
        return ""
    name, of_format = _apart(grid.grid_step_nat), f"of a {_format(grid.grid_step_nat)} logit"
    if grid.clusters_explained == grid.clusters:
        return f" {name} apart, or multiples of it: the steps {of_format}"
    stand = "stands" if grid.clusters_explained == 1 else "stand"
    return f", of which {f.count(grid.clusters_explained)} {stand} on steps of {name}, those {of_format}"


def _apart(step_nat: float) -> str:
    return _STEPS.get(step_nat, f"{fraction(step_nat)} nat")


def _format(step_nat: float) -> str:
    return "bfloat16" if is_bfloat16(step_nat) else "low-precision"


def grids_figure(rows: Sequence[GridDayRow], labels: Mapping[SeriesKey, str]) -> Figure | None:
    """The stretches of days with one grid, for the series whose grid changed; None where none did."""
    lines = [
        line
        for key, mine in by_series(rows).items()
        if len({row.grid_step_nat for row in mine}) > 1
        for line in _stretches(mine, labels[key])
    ]
    if not lines:
        return None
    columns = (
        Column("series", False),
        Column("days", False),
        Column("step", term="grid"),
        Column("days with lists"),
        Column("lists"),
        Column("gaps"),
    )
    return Figure(
        anchor="grid-over-days",
        title="The logit grid over days",
        caption="The coarsest grid that 99.9% of the gaps of a day's lists lie on. Few lists can lie on a coarse one by chance.",
        table=Table.cut(columns, lines, MOST_ROWS),
        csv="grids.csv",
        sql="study_grids_by_day",
    )


def _stretches(rows: Sequence[GridDayRow], label: str) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for step, group in groupby(rows, key=lambda row: row.grid_step_nat):
        days = list(group)
        lines.append(
            (
                label,
                f.days(days[0].day, days[-1].day),
                "none" if step is None else f"{fraction(step)} nat",
                f.count(len(days)),
                f.count(sum(day.lists for day in days)),
                f.count(sum(day.gaps for day in days)),
            )
        )
    return lines
