"""What can be known to be wrong before the first call."""

from collections.abc import Mapping

from pydantic import ValidationError

from tasks.core.endpoints import Endpoint, first_problem
from tasks.core.errors import UsageError
from tasks.core.prices import refuse_budget_without_price
from tasks.core.study import Study


def sent_to(study: Study, endpoint: str | None) -> Study:
    """The study with every target sent to `endpoint` instead, if there is one. Raises UsageError where it cannot be."""
    try:
        return study.at_endpoint(endpoint)
    except ValidationError as error:
        raise UsageError(f"Study {study.name!r} at endpoint {endpoint!r}: {first_problem(error)}") from error


def endpoints_of(study: Study, endpoints: Mapping[str, Endpoint]) -> dict[str, Endpoint]:
    """The endpoints that a study asks, by name. Raises UsageError for one that is not declared."""
    names = list(dict.fromkeys(target.endpoint for target in study.targets))
    for name in names:
        if name not in endpoints:
            known = ", ".join(sorted(endpoints)) or "none"
            raise UsageError(f"Study {study.name!r} names endpoint {name!r}, which is not declared; declared: {known}.")
    return {name: endpoints[name] for name in names}


def keys_of(study: Study, endpoints: Mapping[str, Endpoint], environment: Mapping[str, str]) -> dict[str, str | None]:
    """The key of each endpoint that a study asks. Raises UsageError for a missing one, or a price."""
    asked = endpoints_of(study, endpoints)
    refuse_budget_without_price(study, endpoints)
    return {name: endpoint.key(environment) for name, endpoint in asked.items()}
