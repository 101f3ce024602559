"""In which fields of the request the arms of a study differ."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports import format as f
from reports.rows import SeriesRow

CONCURRENCY = "concurrency"
SAME_FOR_ALL = ("model", "messages", "logprobs")


@dataclass(frozen=True, slots=True)
class Settings:
    """What each arm sets: JSON by field and arm; a field that an arm leaves out is None."""

    arms: tuple[str, ...]
    differing: Mapping[str, Mapping[str, Any]]

    @property
    def numeric(self) -> str | None:
        """The one field in which they differ, where it is a number in three arms or more."""
        if len(self.differing) != 1:
            return None
        ((field, levels),) = self.differing.items()
        numbers = {level for level in levels.values() if isinstance(level, int | float) and not isinstance(level, bool)}
        return field if len(numbers) == len(levels) >= 3 else None

    @property
    def factors(self) -> tuple[str, str] | None:
        """The two fields of a 2 x 2; None for any other design."""
        if len(self.differing) != 2 or len(self.arms) != 4:
            return None
        one, other = self.differing
        cells = {(_level(self.differing[one][arm]), _level(self.differing[other][arm])) for arm in self.arms}
        crossed = set(itertools.product({first for first, _ in cells}, {second for _, second in cells}))
        return (one, other) if cells == crossed and len({first for first, _ in cells}) == 2 else None

    def levels(self, field: str) -> list[Any]:
        """The levels of a field, what is not set last."""
        distinct = {_level(level): level for level in self.differing[field].values()}
        return sorted(distinct.values(), key=lambda level: (level is None, str(type(level)), level or 0))


def settings(series: Sequence[SeriesRow], configuration: Mapping[str, Any] | None) -> Settings:
    """From the request of each arm, and the concurrency that the study's configuration gives it."""
    bodies = {row.arm: _body(row.request) for row in series}
    concurrency = _concurrency(configuration or {})
    for arm, body in bodies.items():
        body.update({CONCURRENCY: concurrency[arm]} if arm in concurrency else {})
    fields = sorted({field for body in bodies.values() for field in body} - set(SAME_FOR_ALL))
    by_field = {field: {arm: body.get(field) for arm, body in bodies.items()} for field in fields}
    differing = {field: of for field, of in by_field.items() if len({_level(value) for value in of.values()}) > 1}
    return Settings(_in_order(bodies, differing, configuration or {}), differing)


def settings_of(series: Sequence[SeriesRow], configuration: str | None) -> Settings:
    """What the arms set; `configuration` is the JSON of the study's newest run."""
    parsed: Any = json.loads(configuration) if configuration else None
    return settings(series, parsed)


def level_words(field: str, level: Any) -> str:
    """A setting as a sentence has it."""
    if level is None:
        return "no seed" if field == "seed" else f"the default {f.visible(field)}"
    return f"{f.visible(field)} {_value(level)}"


def _value(level: Any) -> str:
    if isinstance(level, int | float) and not isinstance(level, bool):
        return f"{level:g}"
    return f.visible(level if isinstance(level, str) else json.dumps(level, ensure_ascii=False))


def _body(request: str | None) -> dict[str, Any]:
    try:
        parsed = json.loads(request or "{}")
    except ValueError:
        return {}
    return dict(parsed) if isinstance(parsed, dict) else {}


def _concurrency(configuration: Mapping[str, Any]) -> dict[str, Any]:
    of_study = configuration.get(CONCURRENCY)
    return {arm["name"]: arm.get(CONCURRENCY) or of_study for arm in configuration.get("arms", [])}


def _in_order(
    bodies: Mapping[str, Any], differing: Mapping[str, Mapping[str, Any]], configuration: Mapping[str, Any]
) -> tuple[str, ...]:
    """By the one number in which they differ, else as the study has them, else by name."""
    declared = [arm["name"] for arm in configuration.get("arms", [])]
    order = {name: place for place, name in enumerate(declared)}
    made = Settings(tuple(bodies), differing)
    if made.numeric:
        levels = differing[made.numeric]
        return tuple(sorted(bodies, key=lambda arm: levels[arm]))
    return tuple(sorted(bodies, key=lambda arm: (order.get(arm, len(order)), arm)))


def _level(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
