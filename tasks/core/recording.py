"""The recording format, version 1: reading one line of it, whoever wrote it."""

import datetime as dt
import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from tasks.core.canonical import default_prompt_name

# Longer lines would need a read buffer that no landing has.
LONGEST_LINE = 16 * 1024 * 1024

# Never kept, whoever recorded them.
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "api-key", "x-api-key", "cookie", "set-cookie"})

_TEXTS = {
    "study": True,
    "endpoint": True,
    "arm": False,
    "prompt": False,
    "follow": False,
    "error": False,
    "run_id": False,
}
# The repeat comes first, so that it can be filled in without parsing a line again.
_COUNTS = {"repeat": False, "status": True, "attempts": False}


class Record(NamedTuple):
    """One good line with every default that one line can give: `repeat` and `run_id` may still be null."""

    line: int
    fields: dict[str, Any]

    @property
    def series_and_day(self) -> tuple[str, ...]:
        """What a repeat is counted within."""
        fields = self.fields
        names = ("study", "endpoint", "arm", "prompt", "day")
        return (*(fields[name] for name in names), fields["request"]["model"])


class Reject(NamedTuple):
    """One bad line and what is wrong with it."""

    line: int
    reason: str
    text: str


def read_lines(lines: Iterable[bytes]) -> Iterator[Record | Reject]:
    """Each non-blank line as a record or as a reject, lines counted from 1."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield Record(number, normalised(_parsed(line)))
        except RecursionError:
            yield Reject(number, "is nested too deeply", _shown(line))
        except ValueError as error:
            yield Reject(number, str(error), _shown(line))


def _shown(line: bytes) -> str:
    return line[:2000].decode("utf-8", "replace")


def numbered(unnumbered: Iterable[tuple[int, tuple[str, ...], str]]) -> dict[int, int]:
    """The repeat of each (line, series and day, requested_at): its order by time, from 0, within series and day."""
    counters: dict[tuple[str, ...], int] = {}
    repeats = {}
    for line, series_and_day, _ in sorted(unnumbered, key=lambda entry: (entry[2], entry[0])):
        repeats[line] = counters.get(series_and_day, 0)
        counters[series_and_day] = repeats[line] + 1
    return repeats


def line_of(fields: dict[str, Any]) -> bytes:
    """A record's fields as one line of NDJSON. Raises ValueError for no Unicode, too deep or too long."""
    try:
        line = orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError as error:
        raise ValueError(f"cannot be kept: {error}") from error
    if len(line) > LONGEST_LINE:
        raise ValueError(f"is longer than {LONGEST_LINE // 1024**2} MiB")
    return line


def normalised(line: dict[str, Any]) -> dict[str, Any]:
    """The fields of one line, checked, with every default that one line can give. Raises ValueError: what is wrong."""
    fields: dict[str, Any] = {name: _count(line, name, required=required) for name, required in _COUNTS.items()}
    fields |= {name: _text(line, name, required=required) for name, required in _TEXTS.items()}
    requested_at = _instant(line)
    request = _request(line)
    fields |= {
        "arm": fields["arm"] if fields["arm"] is not None else "default",
        "prompt": fields["prompt"] if fields["prompt"] is not None else default_prompt_name(request.get("messages")),
        "day": _day(line) or requested_at.date().isoformat(),
        "requested_at": requested_at.isoformat(timespec="microseconds"),
        "latency_s": _seconds(line),
        "request": request,
        "response": _response(line),
        "headers": _headers(line),
    }
    line_of(fields)
    return fields


def _parsed(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"is longer than {LONGEST_LINE // 1024**2} MiB")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            # Python's own parser also takes NaN, -Infinity and integers of any length, which some servers send.
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise ValueError(f"is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    return value


def _field(line: dict[str, Any], name: str, *, required: bool) -> Any:
    value = line.get(name)
    if value is None and required:
        raise ValueError(f"lacks {name}")
    return value


def _text(line: dict[str, Any], name: str, *, required: bool) -> str | None:
    value = _field(line, name, required=required)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is not text")
    if required and not value:
        raise ValueError(f"{name} is empty")
    return value


def _count(line: dict[str, Any], name: str, *, required: bool) -> int | None:
    value = _field(line, name, required=required)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53):
        raise ValueError(f"{name} is not a count")
    return value


def _seconds(line: dict[str, Any]) -> float | None:
    value = line.get("latency_s")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError("latency_s is not a number of seconds")
    return float(value)


def _instant(line: dict[str, Any]) -> dt.datetime:
    value = _field(line, "requested_at", required=True)
    try:
        instant = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("requested_at is not an ISO 8601 time") from None
    if instant.tzinfo is None:
        raise ValueError("requested_at has no offset from UTC")
    try:
        return instant.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("requested_at is out of range") from None


def _day(line: dict[str, Any]) -> str | None:
    value = line.get("day")
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ValueError("day is not an ISO date") from None


def _request(line: dict[str, Any]) -> dict[str, Any]:
    value = _field(line, "request", required=True)
    if not isinstance(value, dict):
        raise ValueError("request is not an object")
    if not isinstance(value.get("model"), str) or not value["model"]:
        raise ValueError("request names no model")
    return value


def _response(line: dict[str, Any]) -> str | None:
    value = line.get("response")
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise ValueError("response is neither text nor an object")
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _headers(line: dict[str, Any]) -> dict[str, Any] | None:
    value = line.get("headers")
    if value is not None and not isinstance(value, dict):
        raise ValueError("headers is not an object")
    return {name: v for name, v in value.items() if name.lower() not in SECRET_HEADERS} if value else value
