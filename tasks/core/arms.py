"""In which fields of the request the arms of a study differ, and whether they cross two levels of two fields."""

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CONCURRENCY = "concurrency"
_NUMBERS = re.compile(r"(\D*)([0-9]*)")
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

    def pairs(self, field: str) -> list[tuple[str, str]]:
        """Of a 2 x 2, the arms of the field's first and second level, at each level of the other field."""
        (other,) = (name for name in self.differing if name != field)
        arms = {(_level(self.differing[field][arm]), _level(self.differing[other][arm])): arm for arm in self.arms}
        first, second = map(_level, self.levels(field))
        return [(arms[first, level], arms[second, level]) for level in map(_level, self.levels(other))]


def settings(requests: Mapping[str, str | None], configuration: Mapping[str, Any] | None) -> Settings:
    """From the request of each arm (JSON), and the concurrency that the study's configuration gives it."""
    bodies = {arm: _body(request) for arm, request in requests.items()}
    concurrency = _concurrency(configuration or {})
    for arm, body in bodies.items():
        body.update({CONCURRENCY: concurrency[arm]} if arm in concurrency else {})
    fields = sorted({field for body in bodies.values() for field in body} - set(SAME_FOR_ALL))
    by_field = {field: {arm: body.get(field) for arm, body in bodies.items()} for field in fields}
    differing = {field: of for field, of in by_field.items() if len({_level(value) for value in of.values()}) > 1}
    return Settings(_in_order(bodies, differing, configuration or {}), differing)


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
    return tuple(sorted(bodies, key=lambda arm: (order.get(arm, len(order)), _read(arm))))


def _read(name: str) -> list[tuple[str, int]]:
    """A name as people order it: at-once-8 before at-once-64."""
    return [(words, int(number or 0)) for words, number in _NUMBERS.findall(name)]


def _level(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
