"""What can be known to be wrong before the first call."""

import pytest

from tasks.core.endpoints import Endpoint, KnownModel
from tasks.core.errors import UsageError
from tasks.core.preflight import endpoints_of, keys_of, sent_to
from tasks.core.study import Arm, Message, Prompt, Study, Target

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


REASONING = KnownModel(lacks=frozenset({"logprobs", "temperature", "max_tokens"}))
LACKING = {
    "openai": ENDPOINTS["openai"].model_copy(update={"models": {"m": REASONING}}),
    "local": ENDPOINTS["local"].model_copy(update={"lacks": frozenset({"embeddings", "seed"})}),
}


@pytest.mark.parametrize(
    ("endpoint", "arm", "lacked"),
    [
        ("openai", Arm(name="a", top_logprobs=0), "logprobs"),
        ("openai", Arm(name="a", temperature=0, max_tokens=1, seed=1), "max_tokens and temperature"),
        ("local", Arm(name="a", seed=0), "seed"),
    ],
)
def test_an_arm_that_needs_what_a_target_lacks_is_refused(endpoint: str, arm: Arm, lacked: str) -> None:
    """Study, arm, model, endpoint and what is missing, in one sentence, before a key is looked for."""
    asked = study(endpoint).changed(arms=[Arm(), arm])
    with pytest.raises(UsageError) as refused:
        keys_of(asked, LACKING, {})
    assert str(refused.value) == (
        f"Study 's', arm 'a': 'm' at endpoint '{endpoint}' is declared to lack {lacked}: "
        "change the arm, or ask another target."
    )


def test_what_is_not_lacking_is_not_refused() -> None:
    """The default temperature, and a limit by another name."""
    arm = Arm(temperature=1, seed=1, body={"max_completion_tokens": 9})
    assert endpoints_of(study("openai").changed(arms=[arm]), LACKING).keys() == {"openai"}


def test_embeddings_are_refused_where_an_endpoint_lacks_them() -> None:
    """The endpoint is named, whichever of the targets it is."""
    texts = study("openai", "local").changed(embedding_model="e")
    with pytest.raises(UsageError, match=r"^Study 's', embedding_model: 'e' at endpoint 'local' .* lack embeddings: "):
        endpoints_of(texts, LACKING)
    assert endpoints_of(texts, ENDPOINTS).keys() == {"openai", "local"}
