"""What a study page tells of changes, and of what explains the values: per series in sentences, and in parts of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports import association, grids, words_of_change
from reports import format as f
from reports.blocks import Block
from reports.changes import Drift, changes_block
from reports.ladder import by_series
from reports.queries import ChangeRows
from reports.rows import ClusterRow
from reports.rows_of_change import AssociationRow, CountsRow, DriftRow, GridRow
from reports.time_effects import effects_block
from reports.top_lists import top_lists
from tasks.core.plan import SeriesKey

Labels = Mapping[SeriesKey, str]
BOTH = 2


@dataclass(frozen=True, slots=True)
class Told:
    """The rows by series."""

    threshold_pp: float
    drift: Mapping[SeriesKey, Sequence[DriftRow]]
    counts: Mapping[SeriesKey, Sequence[CountsRow]]
    association: Mapping[SeriesKey, Sequence[AssociationRow]]
    grids: Mapping[SeriesKey, GridRow]

    @classmethod
    def of(cls, rows: ChangeRows, threshold_pp: float) -> "Told":
        """Each series' own."""
        return cls(
            threshold_pp,
            by_series(rows.drift),
            by_series(rows.counts),
            by_series(rows.association),
            {row.key: row for row in rows.grids},
        )

    def standing(self, key: SeriesKey, clusters: Sequence[ClusterRow]) -> str:
        """How a series' clusters stand apart."""
        return grids.clusters_stand(clusters, self.grids.get(key))

    def changes(self, key: SeriesKey) -> list[str]:
        """Whether and when a series changed."""
        return words_of_change.change_words(self.drift.get(key, []))

    def over_days(self, key: SeriesKey) -> list[str]:
        """How many values its days show."""
        return words_of_change.over_days(self.counts.get(key, []))

    def explains(self, key: SeriesKey) -> list[str]:
        """Whether the fingerprint explains its clusters."""
        return association.explains(self.association.get(key, []), self.threshold_pp)


def told_of_changes(rows: ChangeRows, figure: Drift | None, labels: Labels) -> list[Block]:
    """The part on changes, with the grid by day where it changed."""
    block = changes_block(rows.drift, figure, labels, grids.grids_figure(rows.grids_by_day, labels))
    return [block] if block else []


def told_of_lists(rows: ChangeRows, labels: Labels) -> list[Block]:
    """The most frequent lists side by side."""
    figures = top_lists(rows.top_lists, labels)
    every = sum(1 for row in rows.top_lists if row.rank == BOTH)
    left = [f"Of {f.count(every)} series with several lists, the first {len(figures)}."] if every > len(figures) else []
    return [Block("lists", "The most frequent lists", left, figures)] if figures else []


def told_of_time(rows: ChangeRows, labels: Labels) -> list[Block]:
    """The hour and the weekday."""
    block = effects_block(rows.effects, labels)
    return [block] if block else []
