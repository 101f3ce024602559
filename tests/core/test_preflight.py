"""What can be known to be wrong before the first call."""

import pytest

from tasks.core.endpoints import Endpoint
from tasks.core.errors import UsageError
from tasks.core.preflight import endpoints_of, keys_of, sent_to
from tasks.core.study import Message, Prompt, Study, Target

ENDPOINTS = {
    "openai": Endpoint(name="openai", base_url="http://localhost:1", key_env="OPENAI_API_KEY"),
    "local": Endpoint(name="local", base_url="http://localhost:2"),
    "spare": Endpoint(name="spare", base_url="http://localhost:3", key_env="SPARE_KEY"),
}


def study(*endpoints: str, budget_usd: float | None = None) -> Study:
    """One that asks a model at each of these endpoints."""
    prompt = Prompt(name="flip", messages=(Message(content="x"),))
    targets = tuple(Target(endpoint=endpoint, model="m") for endpoint in endpoints)
    return Study(name="s", prompts=(prompt,), targets=targets, budget_usd=budget_usd)


def test_only_the_endpoints_that_are_asked_need_a_key() -> None:
    """None is needed where none is declared."""
    assert keys_of(study("local"), ENDPOINTS, {}) == {"local": None}
    assert keys_of(study("openai", "local"), ENDPOINTS, {"OPENAI_API_KEY": "k"}) == {"openai": "k", "local": None}
    with pytest.raises(UsageError, match="Set OPENAI_API_KEY"):
        keys_of(study("local", "openai"), ENDPOINTS, {})


def test_an_unknown_endpoint_is_named_with_the_known_ones() -> None:
    """In one sentence."""
    with pytest.raises(UsageError, match=r"Study 's' names endpoint 'x', .* declared: local, openai, spare\.$"):
        endpoints_of(study("x"), ENDPOINTS)
    with pytest.raises(UsageError, match="declared: none"):
        endpoints_of(study("x"), {})


@pytest.mark.parametrize("endpoint", ["a b", "local"])
def test_a_study_that_cannot_be_sent_elsewhere_says_so(endpoint: str) -> None:
    """No such name can be, or two of its targets would become one."""
    with pytest.raises(UsageError, match=f"Study 's' at endpoint '{endpoint}': "):
        sent_to(study("openai", "spare"), endpoint)
    assert sent_to(study("openai"), None) == study("openai")
    assert sent_to(study("openai"), "local") == study("local")


def test_a_budget_without_a_price_is_refused_before_a_key_is_looked_for() -> None:
    """Nothing has been sent."""
    with pytest.raises(UsageError, match="A budget needs a price"):
        keys_of(study("openai", budget_usd=1), ENDPOINTS, {})
