"""The two sides of a comparison: `STUDY[/MODEL[/ARM[/PROMPT]]][@DAY[..DAY]]`, and which series they name."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple

from tasks.core.errors import UsageError
from tasks.core.plan import SeriesKey

SYNTAX = "STUDY[/MODEL[/ARM[/PROMPT]]][@DAY[..DAY]]"
ANY = "*"
MOST_NAMED = 8
_DAYS = re.compile(r"(?P<names>.*)@(?P<first>\d{4}-\d\d-\d\d)?(?P<to>\.\.)?(?P<last>\d{4}-\d\d-\d\d)?", re.DOTALL)
_PARTS = ("model", "arm", "prompt")
# A part of a side's text, and what it names.
Part = tuple[str, dict[str, Any]]


class Known(NamedTuple):
    """A series of the warehouse, with its days."""

    key: SeriesKey
    first_day: dt.date
    last_day: dt.date


@dataclass(frozen=True, slots=True)
class Side:
    """A side as it was asked for: a study, names where they are given, and days where they are. Both ends included."""

    study: str
    endpoint: str | None = None
    model: str | None = None
    arm: str | None = None
    prompt: str | None = None
    first: dt.date | None = None
    last: dt.date | None = None

    @property
    def text(self) -> str:
        """As one writes it."""
        model = ":".join(part for part in (self.endpoint, self.model) if part) or None
        parts = [model, self.arm, self.prompt]
        while parts and parts[-1] is None:
            parts.pop()
        names = "/".join([self.study, *(part or ANY for part in parts)])
        return f"{names}@{self.days}" if self.days else names

    @property
    def days(self) -> str:
        """A day, a range of days, or "" for all."""
        if self.first is not None and self.first == self.last:
            return self.first.isoformat()
        ends = ["" if end is None else end.isoformat() for end in (self.first, self.last)]
        return "..".join(ends) if any(ends) else ""

    def has(self, day: dt.date) -> bool:
        """Whether a day is one of the side's."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def names(self, known: Known) -> bool:
        """Whether a series is one of the side's, and has days in it."""
        given = [(name, getattr(self, name)) for name in SeriesKey._fields]
        is_named = all(part is None or part == getattr(known.key, name) for name, part in given)
        begins_before = self.last is None or known.first_day <= self.last
        return is_named and begins_before and (self.first is None or self.first <= known.last_day)


class Pair(NamedTuple):
    """A series of the left side and the one of the right that it is compared with."""

    left: SeriesKey
    right: SeriesKey


@dataclass(frozen=True, slots=True)
class Pairing:
    """What is compared with what; and what only one side has."""

    left: Side
    right: Side
    pairs: list[Pair]
    only_left: list[SeriesKey]
    only_right: list[SeriesKey]


def side(text: str, known: Sequence[Known]) -> Side:
    """A side from its text. Names may hold slashes: they are found among the series there are.

    Raises UsageError that lists what exists, where nothing has such names or days, or where names say two things.
    """
    names, first, last = _days(text)
    found = {one for series in known for one in _readings(series.key, names)}
    if not found:
        raise UsageError(_unknown(names, known))
    if len(found) > 1:
        readings = _listed(sorted(repr(one.text) for one in found))
        raise UsageError(f"{names!r} can be {readings}: name the parts with {ANY} between, as in STUDY/{ANY}/ARM.")
    asked = replace(found.pop(), first=first, last=last)
    if not any(asked.names(series) for series in known):
        raise UsageError(_no_days(asked, known))
    return asked


def paired(left: Side, right: Side, known: Sequence[Known]) -> Pairing:
    """Both sides' series, each with its like: what one side names and the other leaves open holds for both.

    Raises UsageError where both sides are the same, or have nothing in common to be compared by.
    """
    left, right = _filled(left, right), _filled(right, left)
    if left == right:
        raise UsageError(f"Both sides are {left.text!r}: name two days, models, arms, prompts or studies.")
    sides = [[one.key for one in known if asked.names(one)] for asked in (left, right)]
    for asked, keys in zip((left, right), sides, strict=True):
        if not keys:
            raise UsageError(f"Nothing is {asked.text!r}, which is what the other side makes of it.")
    pairing = _matched(left, right, *sides)
    if any(pair.left == pair.right for pair in pairing.pairs) and _overlap(left, right):
        raise UsageError(f"{left.text!r} and {right.text!r} have days in common: a side cannot be told from itself.")
    return pairing


def _overlap(left: Side, right: Side) -> bool:
    begins, ends = dt.date.min, dt.date.max
    return (left.first or begins) <= (right.last or ends) and (right.first or begins) <= (left.last or ends)


def _matched(left: Side, right: Side, lefts: Sequence[SeriesKey], rights: Sequence[SeriesKey]) -> Pairing:
    if len(lefts) == len(rights) == 1:
        return Pairing(left, right, [Pair(lefts[0], rights[0])], [], [])
    fields = _common_fields(left, right, lefts, rights)
    by_name = [{tuple(getattr(key, name) for name in fields): key for key in keys} for keys in (lefts, rights)]
    for asked, keys, names in zip((left, right), (lefts, rights), by_name, strict=True):
        if len(names) < len(keys):
            raise UsageError(f"{asked.text!r} is {_listed(_texts(keys))}: name one of them, or nothing on either side.")
    pairs = [Pair(by_name[0][name], by_name[1][name]) for name in by_name[0] if name in by_name[1]]
    if not pairs:
        raise UsageError(
            f"{left.text!r} is {_listed(_texts(lefts))}, and {right.text!r} is {_listed(_texts(rights))}: "
            "no two are alike, so name one on each side."
        )
    only = [[key for name, key in mine.items() if name not in other] for mine, other in (by_name, by_name[::-1])]
    return Pairing(left, right, pairs, *only)


def _common_fields(left: Side, right: Side, lefts: Sequence[SeriesKey], rights: Sequence[SeriesKey]) -> tuple[str, ...]:
    """What series are paired by: the parts that neither side names; the endpoint where it tells some apart."""
    fields = tuple(name for name in _PARTS if getattr(left, name) is None and getattr(right, name) is None)
    with_endpoint = ("endpoint", *fields)
    is_enough = all(len({tuple(getattr(k, n) for n in fields) for k in keys}) == len(keys) for keys in (lefts, rights))
    return fields if is_enough else with_endpoint


def _filled(asked: Side, other: Side) -> Side:
    """Names that only the other side gives; another study has its own."""
    if asked.study != other.study:
        return asked
    given = {name: getattr(other, name) for name in ("model", "arm", "prompt") if getattr(asked, name) is None}
    if asked.model is None and asked.endpoint is None:
        given["endpoint"] = other.endpoint
    return replace(asked, **given)


def _days(text: str) -> tuple[str, dt.date | None, dt.date | None]:
    found = _DAYS.fullmatch(text)
    if found is None or not (found["first"] or found["last"]) or (found["last"] and not found["to"]):
        return text, None, None
    first, last = (_date(found[end], text) for end in ("first", "last"))
    if not found["to"]:
        last = first
    if first and last and first > last:
        raise UsageError(f"{text!r}: {first} is after {last}; write the earlier day first.")
    return found["names"], first, last


def _date(text: str | None, whole: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UsageError(f"{whole!r}: {text} is no day.") from error


def _readings(key: SeriesKey, names: str) -> Iterator[Side]:
    """The sides that this text is, if it is about this series."""
    every = [_models(key), _either("arm", key.arm), _either("prompt", key.prompt)]
    for depth in range(len(every) + 1):
        for parts in product(*every[:depth]):
            if names == "/".join([key.study, *(text for text, _ in parts)]):
                named = {name: value for _, part in parts for name, value in part.items()}
                yield replace(Side(key.study), **named)


def _models(key: SeriesKey) -> list[Part]:
    both = {"endpoint": key.endpoint, "model": key.model}
    return [*_either("model", key.model), (f"{key.endpoint}:{key.model}", both)]


def _either(name: str, value: str) -> list[Part]:
    """Any, or this one."""
    return [(ANY, {}), (value, {name: value})]


def _unknown(names: str, known: Sequence[Known]) -> str:
    studies = list(dict.fromkeys(one.key.study for one in known))
    if not studies:
        return "The warehouse has no series yet: run a study, or import a recording."
    of_study = [one.key for one in known if names == one.key.study or names.startswith(f"{one.key.study}/")]
    if not of_study:
        return f"No study is called {names!r}. There is {_listed([repr(study) for study in studies])}; write {SYNTAX}."
    return f"Nothing is {names!r}. There is {_listed(_texts(of_study))}."


def _no_days(asked: Side, known: Sequence[Known]) -> str:
    named = [one for one in known if replace(asked, first=None, last=None).names(one)]
    first, last = min(one.first_day for one in named), max(one.last_day for one in named)
    return f"{asked.text!r} has no day: its samples are from {first} to {last}."


def _texts(keys: Sequence[SeriesKey]) -> list[str]:
    return [repr("/".join((key.study, key.model, key.arm, key.prompt))) for key in keys]


def _listed(names: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(names))
    shown, left = distinct[:MOST_NAMED], len(distinct) - MOST_NAMED
    more = [f"{left} more"] if left > 0 else []
    every = [*shown, *more]
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}"
