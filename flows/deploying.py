"""`flipbook deploy`: work pool, deployments, shared limits and what looks after lost runs, at the server that is set."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate, WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from flows.automating import LOST, keep_automation
from flows.differences import differences
from tasks import catalogue
from tasks.catalogue import POOL, TAG
from tasks.core.errors import FlipbookError, UsageError
from tasks.settings import PROJECT, Settings
from tasks.shared_limit import SharedLimit, declared_limits

# Prefect's own would let a run form say the environment, the command and the directory of the process that has the keys.
TEMPLATE = PROJECT / "flows" / "work_pool.json"

# Where a server keeps which run has a study's one slot, as PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE says it.
IN_MEMORY = "prefect.server.concurrency.lease_storage.memory"
IN_FILES = "prefect.server.concurrency.lease_storage.filesystem"

Tell = Callable[[str], None]

# A server takes so long to start at most, on a busy machine.
SERVER_START_S = 60


def deploy(settings: Settings, *, tell: Tell, dry_run: bool = False) -> None:
    """Bring the server to what the project's files say. What differs there is told before it is overwritten.

    With `dry_run`, it is only told. Raises UsageError for the files, and FlipbookError where the server refuses.
    """
    # A mistake in them would abort `prefect deploy` with a page of traceback.
    studies = catalogue.deployments(settings)
    _refuse_unseen(settings)
    endpoints = catalogue.endpoints(settings)
    limits = [limit for endpoint in endpoints.values() for limit in declared_limits(endpoint).values()]
    with server(tell) as client:
        said = (*_forgetful(client), *differences(client, catalogue.entries(settings)), *_other_limits(client, limits))
        for sentence in said:
            tell(sentence)
        if dry_run:
            if not said:
                tell("Of what is there nothing would change.")
            return
        _keep_pool(client, tell)
        _deploy_all(settings)
        for limit in limits:
            _keep_limit(client, limit)
        keep_automation(client, LOST, (), tell)
    tell(f"Deployed: {', '.join(studies)}.")
    if limits:
        tell(f"Limits that all workers share: {', '.join(limit.name for limit in limits)}.")


def _refuse_unseen(settings: Settings) -> None:
    if unseen := [entry["name"] for entry in catalogue.entries(settings) if TAG not in (entry.get("tags") or [])]:
        raise UsageError(
            f"{settings.catalogue.name}: {', '.join(unseen)} without the tag {TAG!r}: nobody would be told where a run "
            f"fails, and one whose process is gone would keep its study's slot. Add it: tags: [{TAG}, study]."
        )


@contextmanager
def server(tell: Tell = lambda _: None) -> Iterator[SyncPrefectClient]:
    """The server that is set; one that only just starts is waited for.

    Raises UsageError where none is set, and FlipbookError where it refuses or does not answer.
    """
    if not PREFECT_API_URL.value():
        raise UsageError("No server is set: PREFECT_API_URL=http://HOST:4200/api says where it is.")
    # Without what may stand before an @ in it.
    address = urlsplit(str(PREFECT_API_URL.value())).netloc.rpartition("@")[2]
    try:
        with get_client(sync_client=True) as client:
            _wait_for(client, lambda: tell(f"No server answers at {address} yet: waiting up to {SERVER_START_S} s."))
            yield client
    except httpx.HTTPStatusError as error:
        if error.response.status_code in {401, 403}:
            raise UsageError(
                f"The server at {address} wants a password: set PREFECT_API_AUTH_STRING to what it has as "
                "PREFECT_SERVER_API_AUTH_STRING."
            ) from error
        raise FlipbookError(f"The server at {address} refused: HTTP {error.response.status_code}.") from error
    except (httpx.HTTPError, OSError) as error:
        raise FlipbookError(f"The server at {address} does not answer ({type(error).__name__}).") from error


def _wait_for(client: SyncPrefectClient, tell_once: Callable[[], None]) -> None:
    """Until it no longer refuses to be connected to."""
    asking = Retrying(
        retry=retry_if_result(lambda problem: isinstance(problem, httpx.ConnectError)),
        stop=stop_after_delay(SERVER_START_S),
        wait=wait_fixed(1),
        before_sleep=lambda state: tell_once() if state.attempt_number == 1 else None,
        # What is asked next says what is wrong.
        retry_error_callback=lambda _: None,
    )
    asking(client.api_healthcheck)


def _forgetful(client: SyncPrefectClient) -> Iterator[str]:
    """Prefect's server keeps in memory who has a study's slot, unless told otherwise; one that lost it is ended."""
    kept = None
    # A server of another make says nothing of it.
    with suppress(httpx.HTTPStatusError, KeyError):
        kept = client.request("GET", "/admin/settings").json()["server"]["concurrency"]["lease_storage"]
    if kept == IN_MEMORY:
        yield (
            "Whenever the server restarts, it ends the runs that are under way a few minutes later: start it with "
            f"PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE={IN_FILES}."
        )


def _keep_pool(client: SyncPrefectClient, tell: Tell) -> None:
    # Only where there is none: anything else would undo an operator's limit, and resume a pool that is paused.
    template = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    try:
        pool = client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))
        tell(f"Made the work pool {POOL}.")
        return
    if pool.base_job_template != template:
        tell(
            f"The work pool {POOL} has another job template than the project's, by which a run form says nothing of its "
            "process, and a run waits for a server that is away for some minutes. It stays; "
            f"`prefect work-pool update {POOL} --base-job-template {TEMPLATE}` brings ours."
        )


def _deploy_all(settings: Settings) -> None:
    _prefect("--no-prompt", "deploy", "--all", "--prefect-file", str(settings.catalogue))


def _other_limits(client: SyncPrefectClient, limits: list[SharedLimit]) -> Iterator[str]:
    for limit in limits:
        try:
            there = client.read_global_concurrency_limit_by_name(limit.name)
        except ObjectNotFound:
            continue
        before, after = (there.limit, there.slot_decay_per_second), (limit.slots, limit.decay_per_second)
        if before != after:
            yield (
                f"{limit.name}: {before[0]} slots and {before[1]:g} a second on the server become "
                f"{after[0]} and {after[1]:g}, as endpoints.toml says."
            )


def _keep_limit(client: SyncPrefectClient, limit: SharedLimit) -> None:
    said = {"limit": limit.slots, "slot_decay_per_second": limit.decay_per_second}
    try:
        there = client.read_global_concurrency_limit_by_name(limit.name)
    except ObjectNotFound:
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=limit.name, **said))
        return
    if (there.limit, there.slot_decay_per_second) != (limit.slots, limit.decay_per_second):
        client.update_global_concurrency_limit(limit.name, GlobalConcurrencyLimitUpdate(**said))


def _prefect(*arguments: str) -> None:
    command = [sys.executable, "-m", "prefect", *arguments]
    done = subprocess.run(command, cwd=PROJECT, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise FlipbookError(f"`prefect {' '.join(arguments)}` failed: {said[-1] if said else 'without a word'}")


def _environment() -> Mapping[str, str]:
    return {**os.environ, "PREFECT_API_URL": str(PREFECT_API_URL.value())}
