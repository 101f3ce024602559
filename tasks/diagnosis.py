"""What is set up and what is not, for `flipbook doctor`: everything that needs no call to a provider."""

import datetime as dt
import platform
import shutil
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from tasks import catalogue, server_diagnosis, warehouse_diagnosis
from tasks.core.endpoints import Endpoint
from tasks.core.errors import FlipbookError
from tasks.core.findings import Finding
from tasks.holders import holders
from tasks.settings import Settings
from tasks.spool import finished_not_landed
from tasks.spool.folder import LOCK, folders

LIBRARIES = ("flipbook", "prefect", "openai", "duckdb", "great-expectations", "jinja2")
LOW_DISK_GB = 2.0


def diagnose(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Look at everything that needs no call to a provider."""
    now = dt.datetime.now(dt.UTC)
    return [
        Finding(
            "versions",
            ", ".join([f"python {platform.python_version()}", *(f"{n} {version(n)}" for n in LIBRARIES)]),
            True,
        ),
        tried("catalogue", lambda: ", ".join(catalogue.deployments(settings))),
        tried("endpoints", lambda: ", ".join(catalogue.endpoints(settings))),
        *_endpoint_of_all(settings),
        *_keys(settings, environment),
        *warehouse_diagnosis.findings(settings, now),
        tried("spool", lambda: _spool(settings)),
        *_disks(settings),
        *server_diagnosis.findings(),
    ]


def tried(what: str, look: Callable[[], str]) -> Finding:
    """What a look at something gives, or the sentence in which it fails."""
    try:
        return Finding(what, look(), True)
    except FlipbookError as error:
        return Finding(what, str(error), False)


def _endpoint_of_all(settings: Settings) -> list[Finding]:
    """Where FLIPBOOK_ENDPOINT sends every study. One that is not declared is needed, since every run would be refused."""
    endpoints = _endpoints(settings)
    if settings.endpoint is None or not endpoints:
        return []
    if settings.endpoint in endpoints:
        said = f"every study is sent to {settings.endpoint}, as FLIPBOOK_ENDPOINT says"
        return [Finding("endpoint of all studies", said, True)]
    said = f"FLIPBOOK_ENDPOINT says {settings.endpoint}, which {settings.endpoints.name} does not declare"
    return [Finding("endpoint of all studies", said, False)]


def _keys(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Each study may ask elsewhere, and needs its own key; where all are sent to one endpoint, all need that one's."""
    endpoints = _endpoints(settings)
    one = endpoints.get(settings.endpoint or "")
    # Several may share a key: the one that is asked stands for them.
    keyed = {
        endpoint.key_env: endpoint for endpoint in (*endpoints.values(), *([one] if one else [])) if endpoint.key_env
    }
    found = []
    for key, endpoint in keyed.items():
        is_set, is_asked = endpoint.has_key(environment), one in (None, endpoint)
        said = f"{key} is {'set' if is_set else 'not set'}{'' if is_set or is_asked else ', and no study needs it now'}"
        found.append(Finding(f"key of {endpoint.name}", said, is_set or not is_asked, is_needed=endpoint is one))
    return found


def _endpoints(settings: Settings) -> dict[str, Endpoint]:
    """Those that are declared; none where their file is wrong, which is said elsewhere."""
    try:
        return catalogue.endpoints(settings)
    except FlipbookError:
        return {}


def _spool(settings: Settings) -> str:
    waiting = finished_not_landed(settings.spool)
    unfinished = [folder for folder in folders(settings.spool) if not folder.is_finished]
    running = [folder for folder in unfinished if holders(folder.path / LOCK)]
    said = [f"{len(waiting)} finished runs wait to land", f"{len(running)} runs sample now"]
    if left := len(unfinished) - len(running):
        said.append(f"{left} were left unfinished, and go on with the next run of their study and day")
    return f"{settings.spool}: {', '.join(said)}"


def _disks(settings: Settings) -> list[Finding]:
    """Free room where runs write, and where they land; once, where that is one disk."""
    places = {"spool": _existing(settings.spool), "warehouse": _existing(settings.marts_file.parent)}
    by_disk: dict[int, list[str]] = {}
    for what, folder in places.items():
        by_disk.setdefault(folder.stat().st_dev, []).append(what)
    found = []
    for names in by_disk.values():
        free_gb = shutil.disk_usage(places[names[0]]).free / 1e9
        found.append(Finding("disk", f"{free_gb:,.1f} GB free for {' and '.join(names)}", free_gb > LOW_DISK_GB))
    return found


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
