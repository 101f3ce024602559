"""Arms compared: what each setting of the request does to how far the calls agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports import format as f
from reports import intervals
from reports.chances import chance, verdict
from reports.ladder import by_series, values_of
from reports.names import series_labels
from reports.rows import SeriesRow, ValueRow
from reports.rows_of_texts import DistanceRow, DivergenceRow, TextRow
from reports.settings_of_arms import level_words
from tasks.core.arms import Settings
from tasks.core.plan import SeriesKey

MOST_GROUPS = 6
ANCHOR = "by-arm"
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """One arm of one group: what its series shows. None where there is nothing of the kind."""

    series: SeriesRow
    text: TextRow | None
    divergence: Sequence[DivergenceRow]
    distance: DistanceRow | None
    value_counts: Sequence[int]

    @property
    def modal(self) -> tuple[int, int]:
        """How many calls agree, of how many: by completion, or where there is none by value."""
        return self.text.of if self.text else (self.series.modal_n, self.series.observed)


@dataclass(frozen=True, slots=True)
class Group:
    """The same question to the same model, in several arms; `label` tells it from the other groups."""

    key: SeriesKey
    label: str
    arms: Sequence[ArmFigures]


def groups(
    series: Sequence[SeriesRow],
    made: Settings,
    texts: Mapping[SeriesKey, TextRow],
    divergence: Sequence[DivergenceRow],
    distances: Sequence[DistanceRow],
    values: Sequence[ValueRow],
) -> list[Group]:
    """The arms of each model and prompt, in order; only where there are two arms or more."""
    by_key, left, counts = {row.key: row for row in distances}, by_series(divergence), by_series(values)
    members: dict[SeriesKey, dict[str, ArmFigures]] = {}
    for row in series:
        value_counts = [value.n for value in values_of(counts.get(row.key, []))]
        figures = ArmFigures(row, texts.get(row.key), left.get(row.key, []), by_key.get(row.key), value_counts)
        members.setdefault(row.key._replace(arm=""), {})[row.arm] = figures
    several = {key: arms for key, arms in members.items() if len(arms) > 1}
    labels = series_labels(list(several))
    return [
        Group(key, labels[key], [arms[name] for name in made.arms if name in arms]) for key, arms in several.items()
    ]


def drawn(every: Sequence[Group]) -> list[Group]:
    """The groups that have a panel of their own, in order: where they are many, those in which some arm agrees least."""
    seen = [group for group in every if any(arm.modal[1] for arm in group.arms)]
    least = sorted(range(len(seen)), key=lambda place: _least_agreement(seen[place]))[:MOST_GROUPS]
    return [seen[place] for place in sorted(least)]


def _least_agreement(group: Group) -> float:
    return min(agree / calls for agree, calls in (arm.modal for arm in group.arms) if calls)


def number_words(group: Group, made: Settings) -> list[str]:
    """Where arms differ in one number: agreement at its lowest and at its highest level."""
    seen = [arm for arm in group.arms if arm.modal[1]]
    if made.numeric is None or len(seen) < 2:
        return []
    parts = [
        f"at {level_words(made.numeric, made.differing[made.numeric][arm.series.arm])}, "
        f"{f.count(arm.modal[0])} of {f.counted(arm.modal[1], 'call')} agree ({intervals.in_words(*arm.modal)})"
        for arm in (seen[0], seen[-1])
    ]
    p_value = _same_share(seen[0].modal, seen[-1].modal)
    return [f"{group.label}: {'; '.join(parts)}: {verdict(p_value)} ({chance('p', p_value)})."]


def _same_share(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Fisher's exact p-value for two shares, each of (events, trials)."""
    # Half a second to import, and few pages compare numbers.
    from scipy.stats import fisher_exact

    return float(fisher_exact(np.array([[n, of - n] for n, of in (one, other)])).pvalue)
