"""The mean log-probability of each token."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

Marts = Callable[..., Callable[[str], list[dict[str, Any]]]]
MakeLine = Callable[..., dict[str, Any]]
SELECT = "from mart.token_logprobs_by_day order by day, token"


def test_a_missing_token_takes_its_lists_minimum(marts: Marts, line: MakeLine) -> None:
    """token_logprobs_by_day: three lists, of which one has Tails in place of T; its mean probability counts 0 there."""
    lists = [{"Heads": 80.0, "T": 10.0}] * 2 + [{"Heads": 50.0, "Tails": 5.0}]
    heads, t, tails = marts([line(top=top) for top in lists])(SELECT)
    assert [row["token"] for row in (heads, t, tails)] == ["Heads", "T", "Tails"]
    assert [row["n"] for row in (heads, t, tails)] == [3, 2, 1]
    assert {row["observed"] for row in (heads, t, tails)} == {3}
    assert heads["mean_logprob"] == pytest.approx((2 * math.log(0.8) + math.log(0.5)) / 3)
    assert t["mean_logprob"] == pytest.approx((2 * math.log(0.1) + math.log(0.05)) / 3)
    assert tails["mean_logprob"] == pytest.approx((2 * math.log(0.1) + math.log(0.05)) / 3)
    assert heads["mean_minimum"] == pytest.approx((2 * math.log(0.1) + math.log(0.05)) / 3)
    assert [row["mean_pct"] for row in (heads, t, tails)] == pytest.approx([70, 20 / 3, 5 / 3])


def test_lt_nat_is_of_these_means(marts: Marts, line: MakeLine) -> None:
    """drift_by_day: over tokens of either day, the one that a day lacks at that day's mean minimum."""
    first, second = {"Heads": 80.0, "T": 10.0}, {"Heads": 50.0, "Tails": 5.0}
    query = marts([line("2026-03-01", top=first), line("2026-03-02", top=second)])
    row = query("from mart.drift_by_day order by day")[1]
    apart = [math.log(0.8 / 0.5), math.log(0.1 / 0.05), math.log(0.1 / 0.05)]
    assert row["lt_nat"] == pytest.approx(sum(apart) / 3)
    assert row["lt_nat"] == row["baseline_lt_nat"]


def test_days_are_apart_and_of_the_last_request(marts: Marts, line: MakeLine) -> None:
    """token_logprobs_by_day: one row a day and token."""
    edited = {"model": "gpt-4o", "messages": [], "seed": 1, "logprobs": True, "top_logprobs": 2}
    lines = [
        line(top={"Heads": 80.0}),
        line(top={"Heads": 50.0}, request=edited),
        line("2026-03-02", top={"Heads": 40.0}),
    ]
    rows = marts(lines)(SELECT)
    assert [row["mean_pct"] for row in rows] == pytest.approx([50, 40])


def test_what_stands_for_very_unlikely_is_no_minimum(marts: Marts, line: MakeLine) -> None:
    """token_logprobs_by_day: -9999 is left out; a token that a server sends twice counts with the likelier."""
    sample = line(top={"Heads": 80.0, "T": 10.0, "Edge": 5.0})
    body = json.loads(sample["response"])
    entries = body["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    entries[2]["logprob"] = -9999.0
    entries.append({"token": "T", "logprob": math.log(0.01)})
    rows = marts([sample | {"response": json.dumps(body)}])(SELECT)
    assert {row["token"]: row["mean_pct"] for row in rows} == pytest.approx({"Heads": 80, "T": 10})
    assert {row["mean_minimum"] for row in rows} == {rows[1]["mean_logprob"]}


def test_at_most_a_hundred_tokens_a_day_are_kept(marts: Marts, line: MakeLine) -> None:
    """token_logprobs_by_day: the likeliest."""
    lines = [line(top={"Heads": 50.0} | {f"t{number}": 0.1 * number}) for number in range(1, 130)]
    rows = marts(lines)(SELECT)
    assert len(rows) == 100
    assert "t1" not in {row["token"] for row in rows}
    assert "Heads" in {row["token"] for row in rows}
