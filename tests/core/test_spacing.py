"""The step that clusters stand apart by."""

import json
import math
from pathlib import Path

import pytest

from tasks.core.spacing import is_bfloat16, spacing_nat

FIGURES = Path(__file__).parents[1] / "data" / "vatter_2025.json"


def test_the_published_flips_stand_a_quarter_of_a_nat_apart() -> None:
    """All 42 values lie within 0.0021 nat of a multiple of 1/4."""
    values = json.loads(FIGURES.read_text())["ten_thousand_flips"]["values"]
    odds = [math.log(v["probability_pct"] / (100 - v["probability_pct"])) for v in values]
    assert spacing_nat(odds) == 0.25


@pytest.mark.parametrize(
    ("gaps", "step"),
    [
        ([0.5, 1.0, 2.5], 0.5),
        ([1 / 16, 3 / 16, 1.0], 1 / 16),
        ([0.5], None),
        ([0.31, 0.77, 1.93], None),
        ([], None),
    ],
)
def test_a_step_takes_more_gaps_than_chance_gives(gaps: list[float], step: float | None) -> None:
    """One gap is always a multiple of something."""
    assert spacing_nat(gaps) == step


def test_bfloat16_has_coarse_steps() -> None:
    """From 1/32 at logits of 4 to 8 on; 1/64 is finer than that."""
    assert [is_bfloat16(step) for step in (1.0, 0.25, 1 / 16, 1 / 64)] == [True, True, True, False]
