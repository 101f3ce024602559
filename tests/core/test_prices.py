"""What calls cost; an unknown price is an unknown cost."""

import datetime as dt
from typing import Any

import pytest

from tasks.core.endpoints import Endpoint, Price
from tasks.core.errors import UsageError
from tasks.core.prices import (
    cost_usd,
    embedding_usd,
    estimate,
    estimate_embeddings,
    price_of,
    price_rows,
    refuse_budget_without_price,
)
from tasks.core.study import Arm, Message, Prompt, Study, Target

DAY = dt.date(2026, 1, 1)


def price(usd: float) -> Price:
    """A price for what is sent; ten times that for what comes back."""
    return Price(input_usd_per_million=usd, output_usd_per_million=10 * usd, as_of=DAY)


ENDPOINT = Endpoint(name="openai", base_url="http://localhost:1", prices={"gpt-4o": price(2), "gpt-4o-mini": price(1)})


def study(**fields: Any) -> Study:
    """One prompt of 12 characters, 100 times."""
    given = {
        "name": "s",
        "prompts": (Prompt(name="flip", messages=(Message(content="Flip a coin."),)),),
        "targets": (Target(endpoint="openai", model="gpt-4o"),),
        "arms": (Arm(max_tokens=1), Arm(name="long")),
    }
    return Study(**(given | fields))


@pytest.mark.parametrize(
    ("model", "usd"),
    [("gpt-4o", 2), ("gpt-4o-2024-08-06", 2), ("gpt-4o-mini-2024-07-18", 1), ("gpt-4o-audio", None), ("gpt-4", None)],
)
def test_a_dated_name_takes_its_alias_price(model: str, usd: float | None) -> None:
    """And no other name does."""
    found = price_of(ENDPOINT, model)
    assert (found and found.input_usd_per_million) == usd


def test_cost_is_tokens_times_price() -> None:
    """Per million; unknown where the price is."""
    assert cost_usd(price(2), 1_000_000, 100_000) == pytest.approx(4.0)
    assert cost_usd(None, 1, 1) is None


def test_an_estimate_has_calls_tokens_and_dollars() -> None:
    """4 tokens a message and one for 4 characters; an answer as long as it may be, or 500 tokens."""
    (row,) = estimate(study(), {"openai": ENDPOINT})
    assert (row.calls, row.prompt_tokens, row.completion_tokens) == (200, 200 * 7, 100 * 1 + 100 * 500)
    assert row.usd == pytest.approx((1400 * 2 + 50_100 * 20) / 1e6)
    (unknown,) = estimate(study(targets=(Target(endpoint="openai", model="own"),)), {"openai": ENDPOINT})
    assert unknown.usd is None
    limited = study(arms=(Arm(body={"max_completion_tokens": 8}),))
    assert estimate(limited, {"openai": ENDPOINT})[0].completion_tokens == 800


def test_an_estimate_can_be_of_other_samples() -> None:
    """As many as a rare value takes, say, which no study may have."""
    (row,) = estimate(study(), {"openai": ENDPOINT}, 10**7)
    assert (row.calls, row.prompt_tokens) == (2 * 10**7, 14 * 10**7)


def test_embeddings_are_estimated_by_endpoint() -> None:
    """Of every completion of all its targets, as long as it may be; at the price of what is sent."""
    targets = tuple(Target(endpoint="openai", model=model) for model in ("gpt-4o", "own"))
    texts = study(targets=targets, embedding_model="gpt-4o-mini")
    (row,) = estimate_embeddings(texts, {"openai": ENDPOINT})
    assert (row.endpoint, row.model, row.texts, row.tokens) == ("openai", "gpt-4o-mini", 400, 2 * 50_100)
    assert row.usd == pytest.approx(2 * 50_100 / 1e6)
    (unknown,) = estimate_embeddings(study(embedding_model="e"), {"openai": ENDPOINT}, 1)
    assert (unknown.texts, unknown.usd) == (2, None)
    assert estimate_embeddings(study(), {"openai": ENDPOINT}) == []
    assert embedding_usd(study(), ENDPOINT, 1000) == 0


def test_a_budget_needs_a_price() -> None:
    """The sentence names the model and the table to write it in."""
    unpriced = (Target(endpoint="openai", model="own"),)
    refuse_budget_without_price(study(targets=unpriced), {"openai": ENDPOINT})
    refuse_budget_without_price(study(budget_usd=1), {"openai": ENDPOINT})
    with pytest.raises(UsageError, match=r"'own' under \[openai\.prices\] in the endpoints file\.$"):
        refuse_budget_without_price(study(targets=unpriced, budget_usd=1), {"openai": ENDPOINT})
    with pytest.raises(UsageError, match=r"'e' under \[openai\.prices\] in the endpoints file\.$"):
        refuse_budget_without_price(study(embedding_model="e", budget_usd=1), {"openai": ENDPOINT})


def test_price_rows_are_every_declared_price() -> None:
    """Endpoint, model, dollars in and out."""
    assert price_rows({"openai": ENDPOINT}) == [("openai", "gpt-4o", 2, 20), ("openai", "gpt-4o-mini", 1, 10)]
