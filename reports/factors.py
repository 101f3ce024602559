"""Which of two settings did it: what is said of a study whose arms cross two levels of two fields."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from reports import format as f
from reports.arms import LEVEL, Group
from reports.chances import chance
from reports.rows_of_texts import CallsRow
from reports.settings_of_arms import Settings, level_words
from tasks.core.factorial import Counts, Effect, main_effect
from tasks.core.plan import SeriesKey


def factor_words(group: Group, made: Settings, calls: Mapping[SeriesKey, Counts]) -> list[str]:
    """For one model and prompt: the two main effects on disagreement, and the mean distances that go with them."""
    if not made.factors:
        return []
    one, other = made.factors
    cells = {arm.series.arm: calls.get(arm.series.key, {}) for arm in group.arms}
    few = [f.visible(arm) for arm in made.arms if sum(cells.get(arm, {}).values()) < 2]
    if few:
        which = f"which of {f.visible(one)} and {f.visible(other)} does it cannot be said"
        return [f"{group.label}: {which}: fewer than two calls answered in {f.joined(few)}."]
    effects = {field: main_effect(_pairs(made, field, cells), f"{group.key} {field}") for field in (one, other)}
    largest_first = sorted(effects, key=lambda field: -abs(effects[field].difference))
    return [
        f"{group.label}: {_verdict(largest_first, effects)}",
        *(_difference(made, field, effects[field]) for field in largest_first),
        *_distances(group, made, largest_first),
    ]


def _pairs(made: Settings, field: str, cells: Mapping[str, Counts]) -> list[tuple[Counts, Counts]]:
    """(First level, second level) of the field, at each level of the other one."""
    (other,) = (name for name in made.differing if name != field)
    first, second = made.levels(field)
    of = {(repr(made.differing[field][arm]), repr(made.differing[other][arm])): counts for arm, counts in cells.items()}
    return [(of[repr(first), repr(level)], of[repr(second), repr(level)]) for level in made.levels(other)]


def _verdict(fields: Sequence[str], effects: Mapping[str, Effect]) -> str:
    names = {field: f.visible(field) for field in fields}
    shown = [names[field] for field in fields if effects[field].p_value <= LEVEL]
    if not shown:
        return f"neither {' nor '.join(sorted(names.values()))} shows an effect on how often two calls differ."
    if len(shown) == 1:
        (hidden,) = (name for name in names.values() if name not in shown)
        return f"the {shown[0]} does it; the {hidden} shows no effect."
    return f"both do it, the {shown[0]} more than the {shown[1]}."


def _difference(made: Settings, field: str, effect: Effect) -> str:
    (other,) = (name for name in made.differing if name != field)
    first, second = made.levels(field)
    over = f.joined([level_words(other, level) for level in made.levels(other)])
    return (
        f"With {level_words(field, first)} two calls differ in {f.share(effect.first)} of pairs, with "
        f"{level_words(field, second)} in {f.share(effect.second)}, averaged over {over} "
        f"({_signed(effect.difference)}, {chance('p', effect.p_value)})."
    )


def _signed(difference: float) -> str:
    sign = "+" if difference > 0 else "\N{MINUS SIGN}" if difference < 0 else ""
    return f"{sign}{f.points(100 * abs(difference))}"


def _distances(group: Group, made: Settings, fields: Sequence[str]) -> list[str]:
    """The mean distance over pairs at each level, by embeddings where every arm has them, else by edits."""
    for name, words in (("distance_pairs", "embeddings"), ("edit_pairs", "edits")):
        measured = {arm.series.arm: getattr(arm.distance, name, None) for arm in group.arms}
        if measured and all(distance is not None for distance in measured.values()):
            parts = [
                f.joined([_mean_at(made, field, level, measured) for level in made.levels(field)]) for field in fields
            ]
            return [f"The mean distance between two completions, in {words}, is {'; '.join(parts)}."]
    return []


def _mean_at(made: Settings, field: str, level: Any, measured: Mapping[str, Any]) -> str:
    at_level = [measured[arm] for arm in made.arms if made.differing[field][arm] == level]
    return f"{f.significant(sum(at_level) / len(at_level))} with {level_words(field, level)}"


def calls_by_completion(rows: Sequence[CallsRow]) -> dict[SeriesKey, Counter[str]]:
    """How often each completion came, by series."""
    calls: dict[SeriesKey, Counter[str]] = {}
    for row in rows:
        calls.setdefault(row.key, Counter())[row.completion_id] += row.n
    return calls
