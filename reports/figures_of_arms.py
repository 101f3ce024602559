"""The table of arms: what each shows, a row an arm."""

from collections.abc import Sequence

from reports import format as f
from reports import intervals
from reports.arms import ANCHOR, MOST_GROUPS, ArmFigures, Group, drawn
from reports.view import Column, Figure, Table
from reports.words_of_texts import median_shared
from tasks.core.arms import Settings
from tasks.core.statistics import rarefied_values

MOST_ROWS = 80


def by_arm_figure(every: Sequence[Group], made: Settings, sql: str) -> Figure:
    """The table of arms; it leaves out the columns that no arm has."""
    lines = [line for group in every for line in _lines(group)]
    columns = [column for column, _ in _COLUMNS]
    if made.factors:
        columns[1] = Column("arm", False, "main_effect")
    kept = [i for i, _ in enumerate(columns) if i < 2 or any(line[i] != f.NONE for line in lines)]
    panels = f.counted(len(drawn(every)), "panel")
    return Figure(
        anchor=ANCHOR,
        title="By arm",
        caption=_caption(every, made),
        alt=f"Agreement with its interval for each arm, in {panels}; the numbers are in the table below.",
        table=Table.first(tuple(columns[i] for i in kept), [tuple(line[i] for i in kept) for line in lines], MOST_ROWS),
        # Each file is there only where it has rows.
        csv="texts.csv" if any(arm.text for group in every for arm in group.arms) else "spread.csv",
        sql=sql,
    )


def _caption(every: Sequence[Group], made: Settings) -> str:
    parts = (
        "Agreement is the share of calls with the most frequent completion (where no text came, the most frequent value), "
        "with its 95% interval. Half share: how much of that completion, from its beginning, half of the other calls share"
        + ("; the second panel shows it." if made.numeric else "."),
        "Where arms have different numbers of calls, counts are compared by what equally many calls would show.",
        f"Of {len(every):,} models and questions, the {len(drawn(every))} are drawn whose calls agree least."
        if len(every) > MOST_GROUPS
        else "",
    )
    return " ".join(part for part in parts if part)


def _lines(group: Group) -> list[tuple[str, ...]]:
    completions = _common([arm.text.answered for arm in group.arms if arm.text])
    values = _common([arm.series.observed for arm in group.arms if arm.series.observed])
    return [
        (group.label, f.visible(arm.series.arm), *(cell(arm, completions, values) for _, cell in _COLUMNS[2:]))
        for arm in group.arms
    ]


def _common(calls: Sequence[int]) -> int:
    """How many calls all arms have, where they differ in that; 0 where counts can be compared as they are."""
    return min(calls) if len(set(calls)) > 1 else 0


def _calls(arm: ArmFigures, _completions: int, _values: int) -> str:
    return f.count(arm.series.samples)


def _unique(arm: ArmFigures, _completions: int, _values: int) -> str:
    return f.count(arm.text.unique_completions) if arm.text else f.NONE


def _unique_rarefied(arm: ArmFigures, completions: int, _values: int) -> str:
    return _rarefied(arm.text.counts, completions) if arm.text else f.NONE


def _agreement(arm: ArmFigures, _completions: int, _values: int) -> str:
    agreeing, calls = arm.modal
    return f.share(agreeing / calls) if calls else f.NOT_OBSERVABLE


def _interval(arm: ArmFigures, _completions: int, _values: int) -> str:
    return intervals.in_cell(*arm.modal)


def _shared(arm: ArmFigures, _completions: int, _values: int) -> str:
    shared = median_shared(arm.divergence)
    return f.NONE if shared is None else f.counted(shared, arm.divergence[0].unit)


def _embedding_first(arm: ArmFigures, _completions: int, _values: int) -> str:
    return _distance(arm.distance.distance_first if arm.distance else None)


def _embedding_pairs(arm: ArmFigures, _completions: int, _values: int) -> str:
    return _distance(arm.distance.distance_pairs if arm.distance else None)


def _edits(arm: ArmFigures, _completions: int, _values: int) -> str:
    # Beside embeddings the edits would be one more column; the figure on distances has both.
    return _distance(arm.distance.edit_pairs if arm.distance and arm.distance.distance_pairs is None else None)


def _tokens(arm: ArmFigures, _completions: int, _values: int) -> str:
    return f.NONE if arm.text is None or arm.text.mean_tokens is None else f"{arm.text.mean_tokens:.1f}"


def _values(arm: ArmFigures, _completions: int, _values: int) -> str:
    return f.count(arm.series.distinct_values or 0) if arm.series.observed else f.NONE


def _values_rarefied(arm: ArmFigures, _completions: int, values: int) -> str:
    return _rarefied(arm.value_counts, values) if arm.series.observed else f.NONE


def _rarefied(counts: Sequence[int], m: int) -> str:
    return f"{f.significant(rarefied_values(counts, m))} in {f.count(m)}" if 0 < m <= sum(counts) else f.NONE


def _distance(distance: float | None) -> str:
    return f.NONE if distance is None else f.significant(distance)


_COLUMNS = (
    (Column("asked", False), _calls),
    (Column("arm", False), _calls),
    (Column("calls"), _calls),
    (Column("completions", term="unique_completions"), _unique),
    (Column("in as many", term="rarefied"), _unique_rarefied),
    (Column("agreement", term="agreement"), _agreement),
    (Column("95% interval", term="interval"), _interval),
    (Column("half share", term="divergence"), _shared),
    (Column("embeddings, first", term="distance"), _embedding_first),
    (Column("pairs", term="distance"), _embedding_pairs),
    (Column("edits, pairs", term="edit_distance"), _edits),
    (Column("tokens"), _tokens),
    (Column("values", term="value"), _values),
    (Column("in as many", term="rarefied"), _values_rarefied),
)
