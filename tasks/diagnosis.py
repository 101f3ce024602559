"""What is set up and what is not, for `flipbook doctor`."""

import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version

from tasks import catalogue
from tasks.core.errors import FlipbookError
from tasks.settings import Settings
from tasks.spool import finished_not_landed
from tasks.warehouse import Warehouse

LIBRARIES = ("flipbook", "prefect", "openai", "duckdb", "great-expectations", "jinja2")
LOW_DISK_GB = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `is_needed` ones must be ok before anything runs."""

    what: str
    found: str
    is_ok: bool
    is_needed: bool = True

    def as_dict(self) -> dict[str, str | bool]:
        """For JSON."""
        return asdict(self)


def diagnose(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Look at everything that needs no call to a provider."""
    return [
        Finding(
            "versions",
            ", ".join([f"python {platform.python_version()}", *(f"{n} {version(n)}" for n in LIBRARIES)]),
            True,
        ),
        _tried("catalogue", lambda: ", ".join(catalogue.deployments(settings))),
        _tried("endpoints", lambda: ", ".join(catalogue.endpoints(settings))),
        *_keys(settings, environment),
        _tried("warehouse", lambda: _warehouse(settings)),
        _tried("spool", lambda: _spool(settings)),
        _disk(settings),
    ]


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, look(), True)
    except FlipbookError as error:
        return Finding(what, str(error), False)


def _keys(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    try:
        endpoints = catalogue.endpoints(settings)
    except FlipbookError:
        return []
    keys = {endpoint.key_env: name for name, endpoint in endpoints.items() if endpoint.key_env}
    return [
        Finding(
            f"key of {name}",
            f"{key} is {'set' if environment.get(key) else 'not set'}",
            bool(environment.get(key)),
            False,
        )
        for key, name in keys.items()
    ]


def _warehouse(settings: Settings) -> str:
    if not settings.warehouse_file.exists():
        return f"none yet at {settings.warehouse_file}"
    with Warehouse.open(settings.model_copy(update={"warehouse_wait_s": 1}), read_only=True) as warehouse:
        samples = warehouse.rows("select count(*) as n from raw.calls")[0]["n"]
    return f"{settings.warehouse_file}: {samples:,} samples"


def _spool(settings: Settings) -> str:
    waiting = finished_not_landed(settings.spool)
    return f"{settings.spool}: {len(waiting)} finished runs wait to land"


def _disk(settings: Settings) -> Finding:
    folder = next(path for path in (settings.spool, *settings.spool.parents) if path.exists())
    free_gb = shutil.disk_usage(folder).free / 1e9
    return Finding("disk", f"{free_gb:,.1f} GB free for the spool", free_gb > LOW_DISK_GB)
