"""What can be known to be wrong before the first call."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from tasks.core.endpoints import Capability, Endpoint, first_problem
from tasks.core.errors import UsageError
from tasks.core.plan import series_of_study
from tasks.core.prices import refuse_budget_without_price
from tasks.core.study import Study


def sent_to(study: Study, endpoint: str | None) -> Study:
    """The study with every target sent to `endpoint` instead, if there is one. Raises UsageError where it cannot be."""
    try:
        return study.at_endpoint(endpoint)
    except ValidationError as error:
        raise UsageError(f"Study {study.name!r} at endpoint {endpoint!r}: {first_problem(error)}") from error


def endpoints_of(study: Study, endpoints: Mapping[str, Endpoint]) -> dict[str, Endpoint]:
    """The endpoints that a study asks, by name.

    Raises UsageError for one that is not declared, or that is known to lack what the study needs there.
    """
    names = list(dict.fromkeys(target.endpoint for target in study.targets))
    for name in names:
        if name not in endpoints:
            known = ", ".join(sorted(endpoints)) or "none"
            raise UsageError(f"Study {study.name!r} names endpoint {name!r}, which is not declared; declared: {known}.")
    asked = {name: endpoints[name] for name in names}
    refuse_what_is_lacking(study, asked)
    return asked


def keys_of(study: Study, endpoints: Mapping[str, Endpoint], environment: Mapping[str, str]) -> dict[str, str | None]:
    """The key of each endpoint that a study asks. Raises UsageError for a missing one, or a price."""
    asked = endpoints_of(study, endpoints)
    refuse_budget_without_price(study, endpoints)
    return {name: endpoint.key(environment) for name, endpoint in asked.items()}


def refuse_what_is_lacking(study: Study, endpoints: Mapping[str, Endpoint]) -> None:
    """Raises UsageError where an arm, or the study's embeddings, need what a target is known to lack."""
    for series in series_of_study(study):
        _, endpoint, model, arm, _ = series.key
        if lacked := needs(series.body) & endpoints[endpoint].lacking(model):
            raise UsageError(
                f"Study {study.name!r}, arm {arm!r}: {model!r} at endpoint {endpoint!r} is declared to lack "
                f"{' and '.join(sorted(lacked))}: change the arm, or ask another target."
            )
    if study.embedding_model:
        _refuse_embeddings(study.name, study.embedding_model, endpoints)


def _refuse_embeddings(study: str, model: str, endpoints: Mapping[str, Endpoint]) -> None:
    for name, endpoint in endpoints.items():
        if "embeddings" in endpoint.lacking(model):
            raise UsageError(
                f"Study {study!r}, embedding_model: {model!r} at endpoint {name!r} is declared to lack embeddings: "
                "leave the field empty, or ask another endpoint."
            )


def needs(body: Mapping[str, Any]) -> frozenset[Capability]:
    """What a request needs of its model. A temperature of 1 is the default that every model has."""
    given: dict[Capability, bool] = {
        "logprobs": bool(body.get("logprobs")),
        "temperature": body.get("temperature") not in (None, 1),
        "seed": body.get("seed") is not None,
        "max_tokens": body.get("max_tokens") is not None,
    }
    return frozenset(capability for capability, is_needed in given.items() if is_needed)
