"""The statistics that SQL does not compute, against published and hand-computed numbers."""

import json
from pathlib import Path

import pytest

from tasks.core.statistics import rarefied_values, rule_of_three, samples_needed, wilson_interval

FIGURES = json.loads((Path(__file__).parents[1] / "data" / "vatter_2025.json").read_text())
FLIPS = [value["count"] for value in FIGURES["ten_thousand_flips"]["values"]]


@pytest.mark.parametrize(("m", "values"), [(100, 11.930), (1000, 22.799), (5000, 36.213), (10_000, 42.0)])
def test_ten_thousand_flips_are_rarefied_as_published(m: int, values: float) -> None:
    """The golden numbers of the published flips; all the samples show all the values."""
    assert rarefied_values(FLIPS, m) == pytest.approx(values, abs=5e-4)


def test_rarefying_by_hand() -> None:
    """Of three samples with counts 2 and 1, two show 1 + 2/3 values: the single one is missed once in three."""
    assert rarefied_values([2, 1], 2) == pytest.approx(1 + 2 / 3)
    assert rarefied_values([2, 1], 1) == pytest.approx(1)
    assert rarefied_values([2, 1], 0) == pytest.approx(0)


@pytest.mark.parametrize("m", [4, -1])
def test_rarefying_refuses_to_extrapolate(m: int) -> None:
    """More samples than there are cannot be drawn, nor fewer than none."""
    with pytest.raises(ValueError, match="there are 3"):
        rarefied_values([2, 1], m)


@pytest.mark.parametrize(("frequency", "samples"), [(0.1, 29), (0.01, 299), (0.001, 2995)])
def test_samples_needed_at_95_percent(frequency: float, samples: int) -> None:
    """The three numbers every report quotes."""
    assert samples_needed(frequency) == samples


@pytest.mark.parametrize("frequency", [0.0, 1.0, -0.1])
def test_samples_needed_refuses_what_is_no_frequency(frequency: float) -> None:
    """Never and always need no samples, or endlessly many."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        samples_needed(frequency)


def test_wilson_interval_of_ten_in_a_hundred() -> None:
    """Wilson (1927): 10 of 100 give 5.5% to 17.4%; no event of 20 still allows 16.1%."""
    assert wilson_interval(10, 100) == pytest.approx((0.05523, 0.17437), abs=1e-5)
    assert wilson_interval(0, 20) == pytest.approx((0, 0.16113), abs=1e-5)


def test_rule_of_three() -> None:
    """Zero events in 300 calls leave one in a hundred plausible; in one call, anything."""
    assert rule_of_three(300) == pytest.approx(0.01)
    assert rule_of_three(1) == 1
    with pytest.raises(ValueError, match="at least one"):
        rule_of_three(0)
