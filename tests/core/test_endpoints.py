"""Endpoints as the operator declares them."""

from typing import Any

import pytest

from tasks.core.endpoints import parse_endpoints
from tasks.core.errors import UsageError

OPENAI = {"base_url": "https://api.openai.com/v1", "key_env": "OPENAI_API_KEY"}


def test_an_endpoint_is_openai_unless_it_says_otherwise() -> None:
    """And only the simulator's answers are simulated."""
    parsed = parse_endpoints(
        {"openai": OPENAI, "sim": {"kind": "simulator", "base_url": "http://localhost:1"}}, "e.toml"
    )
    assert (parsed["openai"].kind, parsed["openai"].is_simulated) == ("openai", False)
    assert parsed["sim"].is_simulated


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "base_url: Field required."),
        ({"base_url": "api.openai.com"}, "base_url: String should match pattern"),
        ({"base_url": "http://[::1"}, "base_url: it names no host, or a port that cannot be."),
        ({"base_url": "http:///v1"}, "base_url: it names no host, or a port that cannot be."),
        ({"base_url": "http://u:sk-1@/v1"}, "base_url: it names no host, or a port that cannot be."),
        ({"base_url": "http://host:sk-1/v1"}, "base_url: it names no host, or a port that cannot be."),
        ({"base_url": "https://u:sk-1@host/v1"}, "base_url: it says more than scheme, host, port and path"),
        ({"base_url": "https://host/v1?key=sk-1"}, "base_url: it says more than scheme, host, port and path"),
        ({**OPENAI, "key_env": "sk-1"}, "key_env: it must be the name of an environment variable"),
        ({**OPENAI, "kind": "anthropic"}, "kind: Input should be 'openai', 'azure' or 'simulator'."),
        ({**OPENAI, "kind": "azure"}, "an azure endpoint needs api_version."),
        ({**OPENAI, "api_key": "sk-1"}, "api_key: Extra inputs are not permitted."),
        ({**OPENAI, "requests_per_minute": 0}, "requests_per_minute: Input should be greater than 0."),
        ({**OPENAI, "prices": {"m": {"input_usd_per_million": 1}}}, "prices.m.output_usd_per_million: Field required."),
        (
            {**OPENAI, "lacks": ["vision"]},
            "lacks.0: Input should be 'logprobs', 'temperature', 'seed', 'max_tokens' or",
        ),
        ({**OPENAI, "models": {"m": {"lacks": ["logprob"]}}}, "models.m.lacks.0: Input should be 'logprobs', "),
        ({**OPENAI, "models": {"m": {"lack": []}}}, "models.m.lack: Extra inputs are not permitted."),
        (5, "'int' object is not a mapping."),
    ],
)
def test_a_mistake_names_file_endpoint_and_field(table: Any, said: str) -> None:
    """In one sentence, which never shows what stood in the field: it may be a key."""
    with pytest.raises(UsageError) as raised:
        parse_endpoints({"mine": table}, "endpoints.toml")
    assert str(raised.value).startswith("endpoints.toml: endpoint 'mine': ")
    assert said in str(raised.value)
    assert "sk-1" not in str(raised.value)


def test_an_endpoint_has_the_name_of_its_table() -> None:
    """Whatever stands in it."""
    assert parse_endpoints({"mine": {**OPENAI, "name": "other"}}, "e.toml")["mine"].name == "mine"


def test_the_key_comes_from_the_environment() -> None:
    """A declared key that is missing or blank is named; where none is declared, none is needed."""
    endpoint = parse_endpoints({"openai": OPENAI}, "e.toml")["openai"]
    assert endpoint.key({"OPENAI_API_KEY": " sk-1\n"}) == "sk-1"
    for environment in ({}, {"OPENAI_API_KEY": " "}):
        with pytest.raises(UsageError, match="Set OPENAI_API_KEY: endpoint 'openai' reads its key from there"):
            endpoint.key(environment)
    assert endpoint.model_copy(update={"key_env": None}).key({}) is None


def test_a_model_lacks_what_it_lacks_and_what_its_endpoint_lacks() -> None:
    """A dated name lacks what its alias does, unless it says itself; of another name nothing is known."""
    models = {"o4-mini": {"lacks": ["logprobs"]}, "o4-mini-2030-01-01": {}}
    endpoint = parse_endpoints({"mine": {**OPENAI, "lacks": ["embeddings"], "models": models}}, "e.toml")["mine"]
    assert endpoint.lacking("o4-mini") == {"logprobs", "embeddings"}
    assert endpoint.lacking("o4-mini-2025-04-16") == {"logprobs", "embeddings"}
    assert endpoint.lacking("o4-mini-2030-01-01") == endpoint.lacking("gpt-4o") == {"embeddings"}
