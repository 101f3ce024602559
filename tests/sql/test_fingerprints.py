"""Fingerprints by day, their lifetimes, and how much they change."""

from collections.abc import Callable
from typing import Any

import pytest

Marts = Callable[..., Callable[[str], list[dict[str, Any]]]]
MakeLine = Callable[..., dict[str, Any]]


def answers(line: MakeLine, day: int, **counts: int) -> list[dict[str, Any]]:
    """Lines of one day of March: so many of each fingerprint; `none` is an answer without one."""
    return [
        line(f"2026-03-{day:02}", fingerprint=None if fingerprint == "none" else fingerprint)
        for fingerprint, count in counts.items()
        for _ in range(count)
    ]


def test_shares_count_answers_and_no_failures(marts: Marts, line: MakeLine) -> None:
    """fingerprints_by_day: null is a state of an answer; a failed call has none."""
    query = marts([*answers(line, 1, fp_a=3, none=1), line(status=500, response=None)])
    rows = query("select system_fingerprint, n, share from mart.fingerprints_by_day order by n")
    assert [tuple(row.values()) for row in rows] == [(None, 1, 0.25), ("fp_a", 3, 0.75)]


@pytest.mark.parametrize(("later", "status"), [(0, "active"), (4, "unconfirmed"), (5, "confirmed")])
def test_a_death_needs_enough_later_answers(later: int, status: str, marts: Marts, line: MakeLine) -> None:
    """fingerprint_lifetimes: after a share of 1/2, ln 0.05 / ln 0.5 = 4.3 answers without it."""
    query = marts([*answers(line, 1, fp_a=1, fp_b=1), *answers(line, 2, fp_b=later)])
    (row,) = query("from mart.fingerprint_lifetimes where system_fingerprint = 'fp_a'")
    assert (row["status"], row["days_seen"], row["n"]) == (status, 1, 1)


def test_one_answer_ends_a_fingerprint_that_was_alone(marts: Marts, line: MakeLine) -> None:
    """fingerprint_lifetimes: a share of 1 would have been seen."""
    query = marts([*answers(line, 1, fp_a=3), *answers(line, 2, fp_b=1)])
    rows = query("select system_fingerprint, status from mart.fingerprint_lifetimes order by 1")
    assert [row["status"] for row in rows] == ["confirmed", "active"]


def test_no_fingerprint_has_no_lifetime(marts: Marts, line: MakeLine) -> None:
    """fingerprint_lifetimes: null is neither born nor dies."""
    assert marts(answers(line, 1, none=3))("from mart.fingerprint_lifetimes") == []


def test_churn_by_hand(marts: Marts, line: MakeLine) -> None:
    """churn_by_day: a leaves, c comes, b goes from a half to three quarters; a day without data lies between."""
    query = marts([*answers(line, 1, fp_a=4, fp_b=4), *answers(line, 3, fp_b=6, fp_c=2)])
    first, second = query(
        "select * exclude (study, endpoint, model, arm, prompt, day) from mart.churn_by_day order by day"
    )
    assert tuple(first.values()) == (2, 2, 0, None, None, 0)
    assert (second["fingerprints"], second["births"], second["deaths"]) == (2, 1, 1)
    assert second["set_churn"] == pytest.approx(1 - 1 / 3)
    assert second["share_churn"] == pytest.approx((0.5 + 0.25 + 0.25) / 2)


def test_an_unconfirmed_death_is_none_yet(marts: Marts, line: MakeLine) -> None:
    """churn_by_day: too few answers to know."""
    query = marts([*answers(line, 1, fp_a=1, fp_b=9), *answers(line, 2, fp_b=5)])
    assert query("select sum(deaths)::bigint as deaths from mart.churn_by_day") == [{"deaths": 0}]


def test_null_is_a_state_in_shares_and_no_birth(marts: Marts, line: MakeLine) -> None:
    """churn_by_day: half of the answers lose their fingerprint."""
    query = marts([*answers(line, 1, fp_a=4), *answers(line, 2, fp_a=2, none=2)])
    row = query("from mart.churn_by_day order by day")[1]
    assert (row["births"], row["deaths"], row["set_churn"], row["share_churn"]) == (0, 0, 0, 0.5)
    assert row["null_share"] == 0.5
