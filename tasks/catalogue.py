"""The two files that an operator edits: the catalogue of studies (prefect.yaml) and the endpoints (endpoints.toml)."""

import tomllib
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tasks.core.endpoints import Endpoint, first_problem, parse_endpoints
from tasks.core.errors import UsageError
from tasks.core.study import Study
from tasks.settings import Settings

# As prefect.yaml has them: the work pool of every study, and the tag by which automations/ knows their runs.
POOL = "flipbook"
TAG = "flipbook"


def endpoints(settings: Settings) -> dict[str, Endpoint]:
    """The declared endpoints by name. Raises UsageError that names the file and the field."""
    path = settings.endpoints
    try:
        return parse_endpoints(tomllib.loads(_text(path)), path.name)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}.") from error


def deployments(settings: Settings) -> dict[str, Study]:
    """The study of each deployment in the catalogue, by the deployment's name. Raises UsageError."""
    path = settings.catalogue
    parameters = {entry["name"]: entry["parameters"]["study"] for entry in entries(settings)}
    return {name: _study(path, name, fields) for name, fields in parameters.items()}


def entries(settings: Settings) -> list[dict[str, Any]]:
    """Each deployment as the catalogue says it; all have a name and a study. Raises UsageError."""
    path = settings.catalogue
    try:
        found = yaml.safe_load(_text(path))["deployments"]
        _ = [(entry["name"], entry["parameters"]["study"]) for entry in found]
    except (yaml.YAMLError, ValueError) as error:
        raise UsageError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    except (KeyError, TypeError) as error:
        raise UsageError(f"{path}: every deployment needs a name and parameters.study ({error}).") from error
    return list(found)


def study(settings: Settings, name: str) -> Study:
    """One study of the catalogue, by the name of its deployment. Raises UsageError that lists the known ones."""
    known = deployments(settings)
    if name not in known:
        raise UsageError(f"There is no study {name!r} in {settings.catalogue.name}; there are: {', '.join(known)}.")
    return known[name]


def _study(path: Path, name: str, fields: Any) -> Study:
    try:
        return Study.model_validate(fields)
    except ValidationError as error:
        raise UsageError(f"{path.name}: study {name!r}: {first_problem(error)}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error.reason} at byte {error.start}.") from error
