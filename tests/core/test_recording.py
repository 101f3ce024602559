"""Reading one line of the recording format, whoever wrote it."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.recording import LONGEST_LINE, Record, Reject, numbered, read_lines

LINE: dict[str, Any] = {
    "study": "coin-flip",
    "endpoint": "openai",
    "requested_at": "2026-03-01T23:30:00-02:00",
    "status": 200,
    "request": {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]},
}


def read(*lines: bytes | dict[str, Any]) -> list[Record | Reject]:
    """What lines are read as."""
    return list(read_lines(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))


def fields(line: bytes | dict[str, Any]) -> dict[str, Any]:
    """The fields of one good line."""
    (record,) = read(line)
    assert isinstance(record, Record), record
    return record.fields


def reason(line: bytes | dict[str, Any]) -> str:
    """What is wrong with one bad line."""
    (reject,) = read(line)
    assert isinstance(reject, Reject)
    return reject.reason


def test_defaults_are_filled_in() -> None:
    """The prompt's is a digest of the messages, the day's is in UTC."""
    read = fields(LINE)
    assert (read["arm"], read["day"]) == ("default", "2026-03-02")
    assert read["prompt"] == hashlib.sha256(b'[{"content":"x","role":"user"}]').hexdigest()[:8]
    assert read["requested_at"] == "2026-03-02T01:30:00.000000+00:00"
    absent = ("repeat", "follow", "latency_s", "attempts", "response", "headers", "error", "run_id")
    assert [read[name] for name in absent] == [None] * 8


@pytest.mark.parametrize("name", ["study", "endpoint", "requested_at", "status", "request"])
@pytest.mark.parametrize("null", [True, False])
def test_a_required_field_must_be_there(name: str, null: bool) -> None:
    """Null is not there."""
    line = {**LINE, name: None} if null else {field: value for field, value in LINE.items() if field != name}
    assert reason(line) == f"lacks {name}"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"study": 5}, "study is not text"),
        ({"study": ""}, "study is empty"),
        ({"endpoint": ["x"]}, "endpoint is not text"),
        ({"arm": 1}, "arm is not text"),
        ({"prompt": {}}, "prompt is not text"),
        ({"follow": 0}, "follow is not text"),
        ({"error": {"message": "x"}}, "error is not text"),
        ({"run_id": 1}, "run_id is not text"),
        ({"status": "200"}, "status is not a count"),
        ({"status": True}, "status is not a count"),
        ({"status": -1}, "status is not a count"),
        ({"repeat": 1.5}, "repeat is not a count"),
        ({"repeat": 2**60}, "repeat is not a count"),
        ({"attempts": "1"}, "attempts is not a count"),
        ({"latency_s": "0.1"}, "latency_s is not a number of seconds"),
        ({"latency_s": -0.1}, "latency_s is not a number of seconds"),
        ({"latency_s": False}, "latency_s is not a number of seconds"),
        ({"requested_at": 1772400000}, "requested_at is not an ISO 8601 time"),
        ({"requested_at": "yesterday"}, "requested_at is not an ISO 8601 time"),
        ({"requested_at": "2026-03-01T06:00:00"}, "requested_at has no offset from UTC"),
        ({"requested_at": "0001-01-01T00:00:00+10:00"}, "requested_at is out of range"),
        ({"day": "01.03.2026"}, "day is not an ISO date"),
        ({"day": 20260301}, "day is not an ISO date"),
        ({"request": "x"}, "request is not an object"),
        ({"request": {"messages": []}}, "request names no model"),
        ({"request": {"model": ""}}, "request names no model"),
        ({"request": {"model": 4}}, "request names no model"),
        ({"response": 5}, "response is neither text nor an object"),
        ({"response": []}, "response is neither text nor an object"),
        ({"headers": "x"}, "headers is not an object"),
        ({"study": "\ud800"}, "cannot be kept: str is not valid UTF-8: surrogates not allowed"),
        ({"response": {"text": "\ud800"}}, "cannot be kept: str is not valid UTF-8: surrogates not allowed"),
    ],
)
def test_a_wrong_type_is_named(wrong: dict[str, Any], said: str) -> None:
    """In a few words that fit behind `line 7`."""
    assert reason({**LINE, **wrong}) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{]", "is not JSON"),
        (b'{"study": "coin', "is not JSON"),
        (b"\x00\x00", "is not JSON"),
        (b'{"study": "\xff"}', "is not JSON"),
        (b"[1]", "is not a JSON object"),
        (b'"text"', "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b'{"a":' * 100_000, "is not JSON"),
        (b'{"a": "' + b"x" * LONGEST_LINE + b'"}', "is longer than 16 MiB"),
        (json.dumps(LINE | {"response": {"a": ['"'] * 2_500_000}}).encode()[:LONGEST_LINE], "is longer than 16 MiB"),
        (json.dumps(LINE | {"headers": {"a": None}}).replace("null", "[" * 300 + "]" * 300).encode(), "cannot be kept"),
    ],
    ids=range(11),
)
def test_what_is_no_json_object_of_bounded_size_is_refused(line: bytes, said: str) -> None:
    """The first 2,000 bytes of it are shown."""
    (reject,) = read(line)
    assert isinstance(reject, Reject)
    assert reject.reason.startswith(said)
    assert len(reject.text) <= 2000


def test_lines_are_counted_from_1_and_blank_ones_are_passed_over() -> None:
    """CRLF ends a line too, and a byte-order mark may begin the first one."""
    written = json.dumps(LINE).encode()
    items = read(b"\xef\xbb\xbf" + written + b"\r\n", b"\r\n", b"  \n", b"{]\n", written + b"\r\n")
    assert [(type(item), item.line) for item in items] == [(Record, 1), (Reject, 4), (Record, 5)]


def test_what_only_python_reads_as_json_is_read() -> None:
    """NaN and -Infinity, which some servers send; of a key that is there twice, the last counts."""
    line = json.dumps({**LINE, "response": {"logprob": float("-inf")}})
    assert fields(line.encode())["response"] == '{"logprob":-Infinity}'
    assert fields(line.replace('"status"', '"study": "other", "status"').encode())["study"] == "other"


@given(st.text() | st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False)))
def test_a_response_is_kept(response: str | dict[str, Any]) -> None:
    """Text as it is, an object as equal JSON."""
    kept = fields({**LINE, "response": response})["response"]
    assert (kept if isinstance(response, str) else json.loads(kept)) == response


def test_secrets_are_dropped_whoever_recorded_them() -> None:
    """In any case of letters."""
    secrets = {
        "Authorization": "Bearer sk-1",
        "api-key": "sk-2",
        "Set-Cookie": "a=b",
        "X-API-Key": "sk-3",
        "cookie": "c",
    }
    assert fields({**LINE, "headers": secrets | {"x-request-id": "req_1"}})["headers"] == {"x-request-id": "req_1"}


def test_repeats_are_numbered_by_time_within_series_and_day() -> None:
    """Equal times in the order of their lines."""
    a, b = ("a", "day-1"), ("a", "day-2")
    entries = [(0, a, "10:00"), (1, a, "09:00"), (2, b, "08:00"), (3, a, "09:00")]
    assert numbered(entries) == {1: 0, 3: 1, 0: 2, 2: 0}
