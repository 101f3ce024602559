"""The places that serve models, as the operator declares them in endpoints.toml. A run form can only name them."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tasks.core.errors import UsageError
from tasks.core.study import Name


class Price(BaseModel):
    """Dollars per million tokens, and the day they were looked up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_usd_per_million: float = Field(ge=0)
    output_usd_per_million: float = Field(ge=0)
    as_of: dt.date
    source: str = ""


Capability = Literal["logprobs", "temperature", "seed", "max_tokens", "embeddings"]


class KnownModel(BaseModel):
    """What is known of one model at an endpoint, beside its price."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lacks: frozenset[Capability] = frozenset()


class Endpoint(BaseModel):
    """One place that serves models."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    kind: Literal["openai", "azure", "simulator"] = "openai"
    base_url: str = Field(pattern=r"^https?://\S+$")
    key_env: str | None = None
    api_version: str | None = None
    requests_per_minute: float | None = Field(None, gt=0)
    tokens_per_minute: float | None = Field(None, gt=0)
    timeout_s: float = Field(120, gt=0)
    prices: dict[str, Price] = Field(default_factory=dict)
    lacks: frozenset[Capability] = frozenset()
    models: dict[str, KnownModel] = Field(default_factory=dict)

    @field_validator("base_url")
    @classmethod
    def _base_url_is_an_address_alone(cls, base_url: str) -> str:
        try:
            parts = urlsplit(base_url)
            has_host = bool(parts.hostname) and parts.port != 0
        except ValueError:
            # Its text may show a password.
            has_host = False
        if not has_host:
            raise ValueError("it names no host, or a port that cannot be")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError(
                "it says more than scheme, host, port and path; a key is read from the variable in key_env"
            )
        return base_url

    @field_validator("key_env")
    @classmethod
    def _key_env_is_a_name(cls, key_env: str | None) -> str | None:
        if key_env is not None and not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", key_env):
            raise ValueError("it must be the name of an environment variable, such as OPENAI_API_KEY, never the key")
        return key_env

    @model_validator(mode="after")
    def _azure_names_its_version(self) -> Self:
        if self.kind == "azure" and not self.api_version:
            raise ValueError("an azure endpoint needs api_version")
        return self

    @property
    def is_simulated(self) -> bool:
        """Whether its answers must be marked as simulated."""
        return self.kind == "simulator"

    def lacking(self, model: str) -> frozenset[Capability]:
        """What a model here is known to lack, be it the model or the whole endpoint."""
        return self.lacks | (declared(self.models, model) or KnownModel()).lacks

    def has_key(self, environment: Mapping[str, str]) -> bool:
        """Whether the environment has the key; also where none is declared."""
        return self.key_env is None or bool(environment.get(self.key_env, "").strip())

    def key(self, environment: Mapping[str, str]) -> str | None:
        """The key from the environment; None where none is declared. Raises UsageError where one is missing."""
        if self.key_env is None:
            return None
        if not self.has_key(environment):
            raise UsageError(f"Set {self.key_env}: endpoint {self.name!r} reads its key from there.")
        key = environment[self.key_env].strip()
        if not key.isascii() or not key.isprintable():
            raise UsageError(
                f"{self.key_env} holds a character that no key has: it may have been copied with its quotes."
            )
        return key


Declared = TypeVar("Declared")


def declared(of_models: Mapping[str, Declared], model: str) -> Declared | None:
    """What is declared of a model. A dated name takes what its alias has, where it has nothing of its own."""
    if model in of_models:
        return of_models[model]
    aliases = [name for name in of_models if model.startswith(f"{name}-20")]
    return of_models[max(aliases, key=len)] if aliases else None


def parse_endpoints(tables: Mapping[str, Any], source: str) -> dict[str, Endpoint]:
    """Endpoints by name from the tables of an endpoints file. Raises UsageError that names the file and the field."""
    endpoints = {}
    for name, table in tables.items():
        try:
            endpoints[name] = Endpoint.model_validate({**table, "name": name})
        except (ValidationError, TypeError) as error:
            raise UsageError(f"{source}: endpoint {name!r}: {first_problem(error)}") from error
    return endpoints


def first_problem(error: Exception) -> str:
    """The first of a validation's problems, in one sentence."""
    if not isinstance(error, ValidationError):
        return f"{error}."
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {message}." if place else f"{message}."
