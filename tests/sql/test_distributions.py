"""stg.distributions: each distinct top-k list, stored once."""

import json
import math
from collections.abc import Callable
from typing import Any

from tasks.warehouse import Warehouse

MakeLine, Land = Callable[..., dict[str, Any]], Callable[..., Any]


def body(*pairs: tuple[str, float]) -> str:
    """An answer with this list."""
    listed = [{"token": token, "logprob": logprob} for token, logprob in pairs]
    return json.dumps({"choices": [{"logprobs": {"content": [{"token": "A", "logprob": -1, "top_logprobs": listed}]}}]})


def test_a_list_is_stored_once_whoever_sent_it(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """On every day, in every series, in one landing or several."""
    for day in ("2026-03-01", "2026-03-02"):
        land([line(day), line(day, prompt="other"), line(day, fingerprint="fp_2")])
    assert warehouse.rows("select tokens, list_length from stg.distributions") == [
        {"tokens": ["Heads", "T"], "list_length": 2}
    ]


def test_the_order_makes_an_ordering_and_not_a_distribution(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """Ties that swap places are two orderings of one distribution; another logprob is another distribution."""
    a, b = ("A", -1.0), ("B", -1.0)
    land([line(response=response) for response in (body(a, b), body(b, a), body(a, ("B", -1.0000000000000002)))])
    rows = warehouse.rows("select count(distinct distribution_id) as sets, count(*) as lists from stg.distributions")
    assert rows == [{"sets": 2, "lists": 3}]


def test_a_token_cannot_pass_for_two(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """Tokens are told apart where one looks like a list."""
    land([line(response=response) for response in (body(("A", -1.0), ("B", -2.0)), body(("A, B", -1.0)), body())])
    assert warehouse.rows("select count(distinct ordering_id) as n from stg.distributions") == [{"n": 3}]


def test_a_list_says_whether_it_is_sorted_and_what_it_sums_to(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """Ties count as sorted; a probability of more than 1 is shown, not hidden."""
    lists = [body(("A", -1.0), ("B", -1.0)), body(("A", -2.0), ("B", -1.0)), body(("A", 0.0), ("B", -1.0))]
    land([line(response=response) for response in lists])
    rows = warehouse.rows("select is_sorted, probability_sum from stg.distributions order by probability_sum")
    assert [row["is_sorted"] for row in rows] == [False, True, True]
    sums = [row["probability_sum"] for row in rows]
    assert all(map(math.isclose, sums, [math.exp(-2) + math.exp(-1), 2 * math.exp(-1), 1 + math.exp(-1)]))


def test_entries_without_a_logprob_are_left_out(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """And a list of such entries is none."""
    bare = body(("A", -1.0)).replace("[{", '[{"token": "C"}, {', 1)
    gone = (
        '{"choices": [{"logprobs": {"content": [{"token": "A", "top_logprobs": [{"token": "A", "logprob": null}]}]}}]}'
    )
    land([line(response=bare), line(response=gone)])
    assert warehouse.rows("select count(*) as n from stg.distributions where list_length > 1") == [{"n": 0}]
