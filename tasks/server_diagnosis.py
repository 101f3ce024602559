"""The Prefect server as `flipbook doctor` sees it: reachable or not, its version, and whether runs begin there."""

import datetime as dt
import os
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING

from tasks.catalogue import POOL, TAG
from tasks.core.findings import Finding

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

NOT_FOUND = 404


def findings() -> list[Finding]:
    """What there is to say. Without PREFECT_API_URL, a run has a server of its own, for as long as it takes."""
    if not os.environ.get("PREFECT_API_URL"):
        return [Finding("server", "PREFECT_API_URL is not set: each run has a server of its own", True)]
    # Prefect takes a second to import.
    import httpx
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        # Without what may stand before an @ in it.
        url = str(client.api_url.copy_with(userinfo=b"")).rstrip("/")
        try:
            serves = client.api_version()
        except (httpx.HTTPError, OSError) as error:
            return [Finding("server", f"{url} cannot be used: {_reason(error)}", False)]
        said = f"{url}, Prefect {serves}"
        return [Finding("server", said, serves == version("prefect"), is_needed=False), *_beginning(client)]


def _beginning(client: "SyncPrefectClient") -> Iterator[Finding]:
    """What keeps deployed runs from beginning. None is needed: `flipbook run` waits for neither pool nor worker."""
    import httpx

    for what, look in (("work pool", _pool), ("workers", _workers), ("late runs", _late)):
        try:
            found, is_ok = look(client)
        except httpx.HTTPStatusError as error:
            if what == "workers" and error.response.status_code == NOT_FOUND:
                # Where the pool is missing there are none, and it is the pool that has to be mended.
                continue
            # A server of another make.
            found, is_ok = f"the server does not say (HTTP {error.response.status_code})", False
        except (httpx.HTTPError, OSError) as error:
            found, is_ok = f"the server does not say: {_reason(error)}", False
        yield Finding(what, found, is_ok, is_needed=False)


def _pool(client: "SyncPrefectClient") -> tuple[str, bool]:
    from prefect.exceptions import ObjectNotFound

    try:
        pool = client.read_work_pool(POOL)
    except ObjectNotFound:
        return f"there is no {POOL}: `flipbook deploy` makes it", False
    if pool.is_paused:
        return f"{POOL} is paused: no run begins until `prefect work-pool resume {POOL}`", False
    return f"{POOL} is ready", True


def _workers(client: "SyncPrefectClient") -> tuple[str, bool]:
    """Those that gave a sign of life in the last minute or two: so long the server takes to miss one."""
    from prefect.client.schemas.filters import WorkerFilter

    # Those that ended stay on its list.
    online = WorkerFilter.model_validate({"status": {"any_": ["ONLINE"]}})
    if found := client.read_workers_for_work_pool(POOL, worker_filter=online):
        return f"{len(found)} online", True
    return f"none online: no run begins until a worker is started (`prefect worker start --pool {POOL}`)", False


def _late(client: "SyncPrefectClient") -> tuple[str, bool]:
    """Deployed runs whose time has come, and that nothing has begun."""
    from prefect.client.schemas.filters import FlowRunFilter
    from prefect.client.schemas.sorting import FlowRunSort

    ours = FlowRunFilter.model_validate(
        {"state": {"name": {"any_": ["Late"]}}, "tags": {"all_": [TAG]}, "deployment_id": {"is_null_": False}}
    )
    first = client.read_flow_runs(flow_run_filter=ours, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=1)
    if not first:
        return "none", True
    count, since = client.count_flow_runs(flow_run_filter=ours), first[0].expected_start_time
    said = f", since {since.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC" if since else ""
    return f"{count}{said}: their time has come, and no worker has begun them", False


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
