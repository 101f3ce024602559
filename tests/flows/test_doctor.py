"""What `doctor` finds at a real server: the work pool, its workers, and runs that nothing has begun."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Late

from tasks import server_diagnosis
from tasks.catalogue import POOL
from tasks.core.findings import Finding


@pytest.fixture
def client(
    serving: Any,
    until: Any,
    monkeypatch: pytest.MonkeyPatch,
    connections_closed: None,  # noqa: ARG001 - what it starts is closed
) -> Iterator[SyncPrefectClient]:
    """Of the session's server, which is the one that is set; its worker is there, and no other test's run is late."""
    monkeypatch.setenv("PREFECT_API_URL", serving.api_url)
    with temporary_settings({PREFECT_API_URL: serving.api_url}), serving.client() as opened:
        until(lambda: (findings := found())["workers"].is_ok and findings["late runs"].is_ok)
        yield opened


def found() -> dict[str, Finding]:
    """The findings by what was looked at."""
    return {finding.what: finding for finding in server_diagnosis.findings()}


def test_a_deployment_that_works_is_ready(client: SyncPrefectClient) -> None:  # noqa: ARG001 - the server that is set
    """A pool that is not paused, with a worker."""
    findings = found()
    assert (findings["work pool"].found, findings["work pool"].is_ok) == ("flipbook is ready", True)
    assert (findings["workers"].found, findings["workers"].is_ok) == ("1 online", True)
    assert (findings["late runs"].found, findings["late runs"].is_ok) == ("none", True)


def test_a_paused_pool_and_its_late_runs_are_found(client: SyncPrefectClient) -> None:
    """How many, since the first of them. None is needed: `doctor` still exits with 0."""
    times = [dt.datetime(2026, 3, day, 6, tzinfo=dt.UTC) for day in (2, 1)]
    client.update_work_pool(POOL, WorkPoolUpdate(is_paused=True))
    runs = []
    try:
        deployment = client.read_deployment_by_name("study/ad-hoc")
        for at in times:
            runs.append(client.create_flow_run_from_deployment(deployment.id, state=Late(scheduled_time=at)))
        findings = found()
    finally:
        for run in runs:
            client.delete_flow_run(run.id)
        client.update_work_pool(POOL, WorkPoolUpdate(is_paused=False))
    assert findings["work pool"].found == (
        "flipbook is paused: no run begins until `prefect work-pool resume flipbook`"
    )
    assert findings["late runs"].found == (
        "2, since 2026-03-01 06:00 UTC: their time has come, and no worker has begun them"
    )
    looks = [finding for finding in findings.values() if not finding.is_ok]
    assert [finding.what for finding in looks] == ["work pool", "late runs"]
    assert not any(finding.is_needed for finding in looks)


def test_a_pool_without_a_worker_and_no_pool_are_told_apart(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker is missed only where it would have something to wait at."""
    monkeypatch.setattr(server_diagnosis, "POOL", "empty")
    missing = found()
    assert missing["work pool"].found == "there is no empty: `flipbook deploy` makes it"
    assert "workers" not in missing
    client.create_work_pool(WorkPoolCreate(name="empty", type="process"))
    try:
        empty = found()
    finally:
        client.delete_work_pool("empty")
    assert empty["work pool"].is_ok
    assert empty["workers"].found.startswith(
        "none online: no run begins until a worker is started (`prefect worker start"
    )
    looks = [finding for finding in (missing["work pool"], empty["workers"]) if not finding.is_ok]
    assert [finding.is_needed for finding in looks] == [False, False]
