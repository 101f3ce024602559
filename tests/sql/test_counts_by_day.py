"""The marts that are made of a day's samples."""

import math
from collections.abc import Callable
from typing import Any

import pytest

Marts = Callable[..., Callable[[str], list[dict[str, Any]]]]
MakeLine = Callable[..., dict[str, Any]]


def test_value_counts_count_equal_values_of_one_fingerprint(marts: Marts, line: MakeLine) -> None:
    """value_counts_by_day: equal doubles are one value, apart by fingerprint."""
    query = marts([line(), line(), line(fingerprint="fp_9"), line(top={"Heads": 80.0, "T": 20.0})])
    rows = query(
        "select round(probability_pct, 9) as pct, system_fingerprint, n from mart.value_counts_by_day order by all"
    )
    assert [tuple(row.values()) for row in rows] == [
        (80.0, "fp_0123456789", 1),
        (90.0, "fp_0123456789", 2),
        (90.0, "fp_9", 1),
    ]


def test_value_counts_leave_out_what_has_no_value(marts: Marts, line: MakeLine) -> None:
    """value_counts_by_day: no failure, no answer without the followed token, no sentinel."""
    query = marts([line(), line(status=500, response=None), line(top={"T": 99.0}), line(top={"Heads": 200.0})])
    assert query("select sum(n)::bigint as n from mart.value_counts_by_day") == [{"n": 1}]


def test_completion_counts_count_equal_texts(marts: Marts, line: MakeLine) -> None:
    """completion_counts_by_day: byte-identical completions, with the time of the first."""
    query = marts([line(text="Tails"), line(text="Heads"), line(text="Heads"), line(status=500, response=None)])
    rows = query(
        "select text, n, epoch(first_at)::bigint % 60 as second from mart.completion_counts_by_day order by text"
    )
    assert [tuple(row.values()) for row in rows] == [("Heads", 2, 1), ("Tails", 1, 0)]


def test_calls_keep_every_outcome(marts: Marts, line: MakeLine) -> None:
    """calls_by_day: failures, and what only answers can say."""
    query = marts([line(), line(), line(status=429, response=None, attempts=6)])
    rows = query(
        "select outcome, n, observed, attempts, prompt_tokens, without_usage from mart.calls_by_day order by outcome"
    )
    assert [tuple(row.values()) for row in rows] == [("failed", 1, 0, 6, None, 1), ("ok", 2, 2, 2, 26, 0)]


def test_requests_know_the_last_of_a_day(marts: Marts, line: MakeLine) -> None:
    """requests_by_day: an edited request ends the one before, on its day."""
    edited = {"model": "gpt-4o", "messages": [], "seed": 1}
    query = marts([line(), line(), line(request=edited, requested_at="2026-03-01T23:00:00Z")])
    rows = query("select samples, is_of_day from mart.requests_by_day order by samples")
    assert [tuple(row.values()) for row in rows] == [(1, True), (2, False)]


def test_runs_by_day_count_each_runs_samples(marts: Marts, line: MakeLine) -> None:
    """runs_by_day: one row a run and day."""
    query = marts([line(run_id="a"), line(run_id="a", status=500, response=None), line("2026-03-02", run_id="b")])
    rows = query("select run_id, samples, failures, is_simulated from mart.runs_by_day order by run_id")
    assert [tuple(row.values()) for row in rows] == [("a", 2, 1, False), ("b", 1, 0, False)]


def test_blocks_are_equal_parts_in_the_order_of_time(marts: Marts, line: MakeLine) -> None:
    """value_blocks_by_day: at most 20 blocks, here of two samples each."""
    query = marts(line(top={"Heads": 50.0 + number // 2, "T": 1.0}) for number in range(40))
    rows = query("select block, round(100 * exp(logprob)) as pct, n from mart.value_blocks_by_day order by block")
    assert [(row["block"], row["pct"], row["n"]) for row in rows] == [(b, 49.0 + b, 2) for b in range(1, 21)]


def test_hours_are_utc(marts: Marts, line: MakeLine) -> None:
    """value_counts_by_hour: the hour of the request in UTC, whatever offset it was written with."""
    query = marts([line(requested_at="2026-03-01T06:30:00+02:00"), line(requested_at="2026-03-01T23:59:59Z")])
    assert [row["hour"] for row in query("select hour from mart.value_counts_by_hour order by hour")] == [4, 23]


def test_sequences_compare_neighbours_with_chance(marts: Marts, line: MakeLine) -> None:
    """sequence_by_day: a a b b a has 2 repeats in 4 pairs; by chance (3*2 + 2*1)/(5*4)."""
    query = marts(line(top={"Heads": pct, "T": 1.0}) for pct in (90.0, 90.0, 80.0, 80.0, 90.0))
    (row,) = query("select pairs, repeats, repeat_rate, expected_rate from mart.sequence_by_day")
    assert tuple(row.values()) == (4, 2, 0.5, 0.4)


def test_one_sample_has_no_sequence(marts: Marts, line: MakeLine) -> None:
    """sequence_by_day: without a pair there is no rate."""
    (row,) = marts([line()])("select pairs, repeat_rate, expected_rate from mart.sequence_by_day")
    assert tuple(row.values()) == (0, None, None)


def test_a_value_keeps_its_double(marts: Marts, line: MakeLine) -> None:
    """value_counts_by_day: the log-probability is the double that the endpoint sent."""
    (row,) = marts([line(top={"Heads": 85.1854379113})])("select logprob from mart.value_counts_by_day")
    assert row["logprob"] == math.log(85.1854379113 / 100)


@pytest.mark.parametrize("table", ["value_counts_by_day", "calls_by_day", "runs_by_day", "sequence_by_day"])
def test_a_second_landing_of_a_day_replaces_its_rows(table: str, marts: Marts, line: MakeLine) -> None:
    """Marts by day are made again for the days that are named, and only for them."""
    marts([line(), line("2026-03-02")])
    query = marts([line(repeat=7)])
    assert [row["day"].day for row in query(f"select distinct day from mart.{table} order by day")] == [1, 2]
    assert query("select sum(n)::bigint as n from mart.value_counts_by_day") == [{"n": 3}]
