"""What a list implies at other temperatures, against hand-computed shares."""

import math

import pytest

from tasks.core.temperature import implied_shares

LIST = [math.log(0.8), math.log(0.15), math.log(0.05)]


def test_at_temperature_one_the_list_is_what_it_says() -> None:
    """A list that holds all the mass stays as it is."""
    assert implied_shares(LIST, 1) == pytest.approx([0.8, 0.15, 0.05])


def test_a_list_is_renormalised_whatever_it_leaves_out() -> None:
    """Half of the mass lies beyond it; the two tokens keep their proportion."""
    assert implied_shares([math.log(0.4), math.log(0.1)], 1) == pytest.approx([0.8, 0.2])


def test_half_the_temperature_squares_the_odds() -> None:
    """p^2 renormalised: 0.64, 0.0225 and 0.0025 over their sum."""
    total = 0.64 + 0.0225 + 0.0025
    assert implied_shares(LIST, 0.5) == pytest.approx([0.64 / total, 0.0225 / total, 0.0025 / total])


def test_at_temperature_zero_the_top_token_takes_all() -> None:
    """The first of equals."""
    assert implied_shares(LIST, 0).tolist() == [1, 0, 0]
    assert implied_shares([-1.0, -0.5, -0.5], 0).tolist() == [0, 1, 0]


def test_an_extreme_list_overflows_nothing() -> None:
    """Differences of a thousand nats at a small temperature."""
    assert implied_shares([0.0, -1000.0], 0.01).tolist() == [1, 0]


@pytest.mark.parametrize(("logprobs", "temperature"), [([], 1), ([0.0, math.inf], 1), ([math.nan], 1), ([0.0], -1)])
def test_what_is_no_list_or_no_temperature_is_refused(logprobs: list[float], temperature: float) -> None:
    """With a sentence."""
    with pytest.raises(ValueError, match=r"log-probabilities|temperature"):
        implied_shares(logprobs, temperature)
