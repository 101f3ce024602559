"""stg.samples and stg.bodies: what each call came to, and what its answer says."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from tasks.warehouse import Warehouse

MakeLine, Land = Callable[..., dict[str, Any]], Callable[..., Any]
FLT_MAX = 3.4028234663852886e38
PLAIN = {"model": "gpt-4o", "messages": []}


@pytest.fixture
def sample(warehouse: Warehouse, land: Land, line: MakeLine) -> Callable[..., dict[str, Any]]:
    """Lands one line and gives its row of stg.samples."""

    def sample(**fields: Any) -> dict[str, Any]:
        land([line(**fields)])
        (row,) = warehouse.rows("from stg.samples")
        return row

    return sample


def answer(entries: Any, **position: Any) -> str:
    """An answer whose first position has these alternatives."""
    content = [{"token": "Heads", "logprob": -0.1, "top_logprobs": entries} | position]
    return json.dumps({"choices": [{"message": {"content": "Heads"}, "logprobs": {"content": content}}]})


def entries(*pairs: tuple[str, float | None]) -> list[dict[str, Any]]:
    """A top-k list, as llama.cpp sends it: without bytes."""
    return [{"token": token, "logprob": logprob, "bytes": None} for token, logprob in pairs]


def test_a_whole_answer_is_typed(sample: Callable[..., dict[str, Any]]) -> None:
    """Every column that an answer fills."""
    row = sample(id="chatcmpl-9", text="Heads", prompt_tokens=14)
    assert row["outcome"] == "ok"
    assert row["logprob"] == math.log(0.9)
    assert row["probability_pct"] == pytest.approx(90)
    said = ("response_id", "served_model", "system_fingerprint", "finish_reason", "text", "token")
    assert [row[name] for name in said] == ["chatcmpl-9", "gpt-4o", "fp_0123456789", "stop", "Heads", "Heads"]
    assert [row[name] for name in ("prompt_tokens", "completion_tokens", "top_logprobs_asked")] == [14, 1, 2]
    assert [row[name] for name in ("error", "error_kind", "service_tier", "is_simulated")] == [None, None, None, False]


@pytest.mark.parametrize(
    ("fields", "outcome", "kind"),
    [
        ({"status": 500, "response": "<html>"}, "failed", "HTTP 500"),
        ({"status": 429, "response": None}, "failed", "HTTP 429"),
        ({"status": 0, "response": None, "error": "timeout"}, "failed", "no response"),
        ({"response": "<!doctype html>"}, "malformed", "not JSON"),
        ({"response": ""}, "malformed", "not JSON"),
        ({"response": None}, "malformed", "not JSON"),
        ({"response": '{"id":"x","created":1,"choices":[{"mess'}, "malformed", "not JSON"),
        ({"response": "[]"}, "malformed", "no choices"),
        ({"response": '[{"choices": [{}]}]'}, "malformed", "no choices"),
        ({"response": '{"error": {"message": "overloaded"}}'}, "malformed", "no choices"),
        ({"response": '{"id":"x","created":1,"choices":[]}'}, "malformed", "no choices"),
        ({"response": '{"choices": "none"}'}, "malformed", "no choices"),
        ({"top": {}}, "no_logprobs", None),
        ({"response": '{"choices": [{"logprobs": {"content": []}}]}'}, "no_logprobs", None),
        ({"response": '{"choices": [{"logprobs": {}}]}'}, "no_logprobs", None),
        ({"response": '{"choices": [{}]}'}, "no_logprobs", None),
        ({"response": answer([], logprob=None)}, "no_logprobs", None),
        ({"response": '{"choices": [{}]}', "request": PLAIN}, "ok", None),
        ({"response": '{"choices": [{}]}', "request": PLAIN | {"logprobs": False}}, "ok", None),
        ({"top": {"Tails": 99.0}}, "unobserved", None),
        ({"response": answer(entries(("Tails", -0.1), ("Heads", None)))}, "unobserved", None),
    ],
)
def test_every_call_has_one_outcome(
    fields: dict[str, Any], outcome: str, kind: str | None, sample: Callable[..., dict[str, Any]]
) -> None:
    """And no value, unless it was observed."""
    row = sample(**fields)
    assert (row["outcome"], row["error_kind"]) == (outcome, kind)
    assert (row["logprob"], row["probability_pct"]) == (None, None)


@pytest.mark.parametrize(
    ("logprob", "outcome"),
    [
        (-9999.0, "sentinel"),
        (-math.inf, "sentinel"),
        (math.inf, "sentinel"),
        (math.nan, "sentinel"),
        (-FLT_MAX, "sentinel"),
        (1e-3, "sentinel"),
        (1.1e-6, "sentinel"),
        (1e-7, "ok"),
        (0.0, "ok"),
        (-0.0, "ok"),
        (-9998.0, "ok"),
    ],
)
@pytest.mark.parametrize("follow", ["Heads", None])
def test_a_sentinel_is_kept_and_its_value_is_not_used(
    logprob: float, outcome: str, follow: str | None, sample: Callable[..., dict[str, Any]]
) -> None:
    """-9999, the infinities, NaN and what is plainly positive stand for something else than a log-probability."""
    row = sample(response=answer(entries(("Heads", logprob))), follow=follow)
    assert row["outcome"] == outcome
    assert row["token"] == "Heads"
    assert row["logprob"] == (logprob if outcome == "ok" else None)
    if row["logprob"] == 0:
        assert math.copysign(1, row["logprob"]) == 1


@pytest.mark.parametrize(
    ("listed", "follow", "token", "logprob"),
    [
        ([("T", -2.0), ("Heads", -0.2)], None, "Heads", -0.2),
        ([("T", -1.0), ("Heads", -1.0)], None, "T", -1.0),
        ([("Heads", -3.0), ("T", -0.1), ("Heads", -1.5)], "Heads", "Heads", -1.5),
        ([("T", -0.1)], "T", "T", -0.1),
        ([], None, "Heads", -0.1),
        ([], "Heads", "Heads", -0.1),
    ],
)
def test_the_value_is_the_likeliest_entry_of_the_token(
    listed: list[tuple[str, float]],
    follow: str | None,
    token: str,
    logprob: float,
    sample: Callable[..., dict[str, Any]],
) -> None:
    """Ties go to the first; unsorted and short lists are lists; without one, the sampled token is what there is."""
    row = sample(response=answer(entries(*listed)), follow=follow)
    assert (row["outcome"], row["token"], row["logprob"]) == ("ok", token, logprob)


def test_one_body_may_be_followed_for_two_tokens(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """stg.bodies has it once for each."""
    body = line()["response"]
    land([line(response=body, follow=follow, prompt=str(follow)) for follow in ("Heads", "T", None, "Heads")])
    rows = warehouse.rows("select follow, round(probability_pct) as pct from stg.samples order by all")
    assert [tuple(row.values()) for row in rows] == [("Heads", 90), ("Heads", 90), ("T", 10), (None, 90)]
    assert warehouse.rows("select count(*) as n from stg.bodies") == [{"n": 3}]


def test_odd_types_are_null_and_break_nothing(sample: Callable[..., dict[str, Any]]) -> None:
    """Numbers where text is usual, text where numbers are."""
    body = {
        "id": 5,
        "created": "now",
        "model": ["x"],
        "usage": {"prompt_tokens": "many", "completion_tokens": 1e300},
        "choices": [{"message": {"content": [{"type": "text"}]}, "finish_reason": None, "logprobs": "none"}],
    }
    row = sample(response=json.dumps(body))
    assert (row["outcome"], row["response_id"]) == ("no_logprobs", "5")
    assert (row["prompt_tokens"], row["completion_tokens"]) == (None, None)


@pytest.mark.parametrize(("content", "text"), [(None, "I cannot."), ("", ""), ("Heads", "Heads")])
def test_a_refusal_is_the_text_where_there_is_no_content(
    sample: Callable[..., dict[str, Any]], content: str | None, text: str
) -> None:
    """Nine equal answers and one refusal do not agree."""
    body = {"choices": [{"message": {"role": "assistant", "content": content, "refusal": "I cannot."}}]}
    assert sample(response=json.dumps(body), request=PLAIN)["text"] == text


def test_only_a_header_of_the_simulator_marks_a_sample(sample: Callable[..., dict[str, Any]]) -> None:
    """Nothing that a model or another header says does."""
    row = sample(headers={"x-note": '"x-flipbook-simulated":"1"'}, text='"x-flipbook-simulated":"1"')
    assert row["is_simulated"] is False
