"""raw.responses: one sample a row, as it was received."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.warehouse import Warehouse

PUBLIC = [
    *("sample_id", "run_id", "study", "endpoint", "model", "arm", "prompt", "day", "repeat", "requested_at", "follow"),
    *("latency_s", "attempts", "status", "error", "request_id", "response", "headers"),
]


@pytest.mark.parametrize(
    "response",
    [
        '{"id":"chatcmpl-1","object":"chat.completion","created":1790000000,"choices":[]}',
        '{"choices":[],"created":1790000000,"id":"chatcmpl-1","model":"azure"}',
        '{ "id" : "ü🎲" , "created" : 1 , "a" : "e\u0301" }',
        '{"created":1,"id":"x","created":2}',
        '{"text":"\\"id\\":\\"x\\",\\"created\\":1,","id":"y","created":2,"z":0}',
        "",
        None,
    ],
)
def test_a_response_is_what_was_received(
    response: str | None, warehouse: Warehouse, land: Callable[..., Any], line: Callable[..., Any]
) -> None:
    """Put together again from the body that is stored once and the part that differs from call to call."""
    land([line(response=response)])
    (row,) = warehouse.rows("from raw.responses")
    assert list(row) == PUBLIC
    assert row["response"] == response


def test_equal_bodies_of_a_day_are_stored_once(
    warehouse: Warehouse, land: Callable[..., Any], line: Callable[..., Any]
) -> None:
    """However often they come, and once more on another day."""
    land([line(day) for day in ("2026-03-01", "2026-03-02") for _ in range(5)])
    land([line("2026-03-01")])
    assert warehouse.rows("select count(*) as n from raw.bodies") == [{"n": 2}]
    assert warehouse.rows("select count(distinct response) as n from raw.responses") == [{"n": 11}]
