"""Which of two settings did it: what is said of a study whose arms cross two levels of two fields."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from reports import format as f
from reports.arms import LEVEL, Group
from reports.chances import chance
from reports.rows_of_texts import CallsRow, DistanceEffectRow
from reports.settings_of_arms import level_words
from tasks.core.arms import Settings
from tasks.core.factorial import Counts, Effect, main_effect
from tasks.core.plan import SeriesKey


def factor_words(
    group: Group, made: Settings, calls: Mapping[SeriesKey, Counts], tested: Sequence[DistanceEffectRow] = ()
) -> list[str]:
    """For one model and prompt: the two main effects on disagreement, and the mean distances that go with them.

    `tested`: the effects on embedding distances, of all models and prompts.
    """
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
        f"{group.label}: {_verdict(largest_first, effects, _only_with(group, made, cells))}",
        *(_difference(made, field, effects[field]) for field in largest_first),
        *(_tested_distances(group, made, largest_first, tested) or _distances(group, made, largest_first)),
    ]


def _pairs(made: Settings, field: str, cells: Mapping[str, Counts]) -> list[tuple[Counts, Counts]]:
    """(First level, second level) of the field, at each level of the other one."""
    return [(cells[first], cells[second]) for first, second in made.pairs(field)]


def _only_with(group: Group, made: Settings, cells: Mapping[str, Counts]) -> dict[str, list[str]]:
    """The levels of the other field at which a field has an effect by itself, in words; tested at half the level each."""
    found: dict[str, list[str]] = {}
    for field in made.factors or ():
        (other,) = (name for name in made.differing if name != field)
        for level, pair in zip(made.levels(other), _pairs(made, field, cells), strict=True):
            if main_effect([pair], f"{group.key} {field} {level}").p_value <= LEVEL / 2:
                found.setdefault(field, []).append(level_words(other, level))
    return found


def _verdict(fields: Sequence[str], effects: Mapping[str, Effect], only_with: Mapping[str, Sequence[str]]) -> str:
    names = {field: f.visible(field) for field in fields}
    shown = [field for field in fields if effects[field].p_value <= LEVEL]
    if len(shown) == 2:
        return f"both do it, the {names[shown[0]]} more than the {names[shown[1]]}."
    # Averaged over the other field, an effect that one of its levels has can be lost.
    words = [f"the {names[field]} does it" for field in shown]
    for field in (field for field in fields if field not in shown):
        if levels := only_with.get(field):
            words.append(f"the {names[field]} does it with {f.joined(levels)} alone")
        elif shown:
            words.append(f"the {names[field]} shows no effect beyond chance")
    if not words:
        return f"neither {' nor '.join(sorted(names.values()))} shows an effect beyond chance on how often two calls differ."
    return f"{'; '.join(words)}."


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


def _tested_distances(
    group: Group, made: Settings, fields: Sequence[str], tested: Sequence[DistanceEffectRow]
) -> list[str]:
    """The mean distance over pairs at each level, by embeddings, each field with its p-value; nothing where untested."""
    place = (group.key.endpoint, group.key.model, group.key.prompt)
    found = {row.factor: row for row in tested if (row.endpoint, row.model, row.prompt) == place}
    if not all(field in found for field in fields):
        return []
    parts = []
    for field in fields:
        row, levels = found[field], made.levels(field)
        sides = zip(levels, (row.first_distance, row.second_distance), strict=True)
        words = f.joined([f"{f.significant(side)} with {level_words(field, level)}" for level, side in sides])
        parts.append(f"{words} ({chance('p', row.p_value)})")
    return [f"The mean distance between two completions, in embeddings, is {'; '.join(parts)}."]


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
