"""On which grid a day's lists lie."""

import math
from collections.abc import Callable
from typing import Any

import pytest

Marts = Callable[..., Callable[[str], list[dict[str, Any]]]]
MakeLine = Callable[..., dict[str, Any]]
SELECT = "select * exclude (study, endpoint, model, arm, prompt) from mart.logit_grid_by_day order by day"


def with_gaps(line: MakeLine, day: int, *gaps: float) -> dict[str, Any]:
    """A sample whose list lies so many nat below its top token."""
    others = {f"t{number}": 90 * math.exp(-gap) for number, gap in enumerate(gaps)}
    return line(f"2026-03-{day:02}", top={"Heads": 90.0} | others)


def test_gaps_are_counted_on_each_grid(marts: Marts, line: MakeLine) -> None:
    """logit_grid_by_day: gaps of 2.5, 3 and 3.25 nat lie on 1/4; two lists, of which one lies wholly on 1/2."""
    lines = [with_gaps(line, 1, 2.5, 3.0), with_gaps(line, 1, 2.5, 3.0), with_gaps(line, 1, 3.25)]
    (row,) = marts(lines)(SELECT)
    assert (row["lists"], row["gaps"], row["grid_step_nat"]) == (2, 3, 1 / 4)
    assert row["on_grid"] == [1, 2, *[3] * 9]
    assert row["lists_on_grid"] == [0, 1, *[2] * 9]


def test_each_day_has_its_own(marts: Marts, line: MakeLine) -> None:
    """logit_grid_by_day: none where gaps lie anywhere."""
    lines = [with_gaps(line, 1, 2.5), with_gaps(line, 2, 2.5 + 1 / 64), with_gaps(line, 3, 2.5001)]
    assert [row["grid_step_nat"] for row in marts(lines)(SELECT)] == [1 / 2, 1 / 64, None]


@pytest.mark.parametrize(("off", "step"), [(0.9e-4, 1.0), (1.1e-4, None)])
def test_a_gap_may_be_rounded(off: float, step: float | None, marts: Marts, line: MakeLine) -> None:
    """logit_grid_by_day: by a ten-thousandth of a step, which is more on coarser grids."""
    (row,) = marts([with_gaps(line, 1, 3 + off)])(SELECT)
    assert row["grid_step_nat"] == step


def test_the_order_of_a_list_does_not_matter(marts: Marts, line: MakeLine) -> None:
    """logit_grid_by_day: the top token is the likeliest, wherever it stands; one list in two orders is one."""
    top = {"T": 90 * math.exp(-2.0), "Heads": 90.0}
    (row,) = marts([line(top=top), line(top=dict(reversed(top.items())))])(SELECT)
    assert (row["lists"], row["gaps"], row["grid_step_nat"]) == (1, 1, 1)


def test_a_list_of_one_token_has_no_gap(marts: Marts, line: MakeLine) -> None:
    """logit_grid_by_day: no row, for there is nothing to lie on a grid."""
    assert marts([line(top={"Heads": 90.0})])(SELECT) == []


def test_only_the_last_request_of_a_day_counts(marts: Marts, line: MakeLine) -> None:
    """logit_grid_by_day: as everywhere."""
    edited = {"model": "gpt-4o", "messages": [], "seed": 1, "logprobs": True, "top_logprobs": 2}
    first, last = with_gaps(line, 1, 2.5), with_gaps(line, 1, 3.0) | {"request": edited}
    (row,) = marts([first, last])(SELECT)
    assert (row["lists"], row["grid_step_nat"]) == (1, 1)
