"""Hour and weekday, from samples to the mart."""

from collections.abc import Callable
from typing import Any

import pytest

Marts = Callable[..., Callable[[str], list[dict[str, Any]]]]
MakeLine = Callable[..., dict[str, Any]]
SELECT = "from mart.time_effects_overall order by prompt, effect"


def hourly(line: MakeLine, days: int, hours: int, prompt: str = "flip", step: float = 1.0) -> list[dict[str, Any]]:
    """One sample an hour; in hour 2 it is `step` more likely."""
    return [
        line(
            f"2026-03-{day:02}",
            top={"Heads": 80.0 + day / 10 + step * (hour == 2)},
            requested_at=f"2026-03-{day:02}T{hour:02}:30:00Z",
            prompt=prompt,
        )
        for day in range(1, days + 1)
        for hour in range(hours)
    ]


def test_an_hour_that_differs_is_told(marts: Marts, line: MakeLine) -> None:
    """time_effects_overall: a row for either effect; too few weeks leave the weekday's null."""
    hour, weekday = marts(hourly(line, 8, 4))(SELECT)
    assert (hour["effect"], hour["groups"], hour["days"]) == ("hour", 4, 8)
    assert hour["explained_share"] == pytest.approx(1)
    assert (hour["p_value"], hour["permutations"]) == (0.001, 999)
    assert (weekday["effect"], weekday["groups"], weekday["days"]) == ("weekday", 7, 8)
    assert (weekday["explained_share"], weekday["p_value"], weekday["permutations"]) == (None, None, None)


def test_each_series_is_asked_by_itself(marts: Marts, line: MakeLine) -> None:
    """time_effects_overall: one that varies by the hour, and one that has hardly a day."""
    rows = marts([*hourly(line, 8, 4), *hourly(line, 1, 4, "toss")])(SELECT)
    assert [(row["prompt"], row["days"], row["explained_share"] is None) for row in rows] == [
        ("flip", 8, False),
        ("flip", 8, True),
        ("toss", 1, True),
        ("toss", 1, True),
    ]


def test_a_series_without_values_is_not_asked(marts: Marts, line: MakeLine) -> None:
    """time_effects_overall: nothing to explain."""
    assert marts([line(status=500, response=None)])(SELECT) == []
