"""The two most frequent top-k lists of a series."""

from collections.abc import Callable
from typing import Any

import pytest

Marts = Callable[..., Callable[[str], list[dict[str, Any]]]]
MakeLine = Callable[..., dict[str, Any]]
LISTS = "select rank, n, share, tokens, logprobs from mart.top_lists_overall order by prompt, rank"


def test_the_two_most_frequent_lists_with_their_tokens(marts: Marts, line: MakeLine) -> None:
    """top_lists_overall: over all days; the third is left out, and its calls stay in the shares."""
    often, seldom, once = {"Heads": 90.0, "T": 9.0}, {"T": 60.0, "Heads": 30.0}, {"Heads": 50.0}
    lists = [often, often, seldom, once]
    first, second = marts([line(day, top=top) for day in ("2026-03-01", "2026-03-02") for top in lists])(LISTS)
    assert (first["rank"], first["n"], first["share"], first["tokens"]) == (1, 4, 0.5, ["Heads", "T"])
    assert (second["n"], second["share"]) == (2, 0.25)
    assert first["logprobs"] == pytest.approx([-0.10536, -2.40795], abs=1e-5)


def test_a_series_with_one_list_has_one_row(marts: Marts, line: MakeLine) -> None:
    """top_lists_overall: and one without lists has none."""
    query = marts([line(top={"Heads": 90.0}), line(prompt="other", status=500, response=None)])
    assert [row["rank"] for row in query(LISTS)] == [1]


def test_lists_are_those_of_the_last_request(marts: Marts, line: MakeLine) -> None:
    """top_lists_overall: an edited request has lists of its own."""
    edited = {"model": "gpt-4o", "messages": [], "seed": 1, "logprobs": True, "top_logprobs": 2}
    before = [line("2026-03-01", top={"Heads": 90.0}) for _ in range(3)]
    query = marts([*before, line("2026-03-02", top={"T": 60.0, "Heads": 30.0}, request=edited)])
    assert [row["tokens"] for row in query(LISTS)] == [["T", "Heads"]]
