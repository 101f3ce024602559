"""`flipbook serve`: a real server, a real worker, both deployments, and the pages over HTTP."""

import re
import subprocess
import sys
from typing import Any
from urllib.request import ProxyHandler, build_opener

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, FlowRunFilter
from prefect.client.schemas.objects import FlowRun

from tasks.settings import PROJECT

END_S = 90
SCHEDULED_S = 30


def wait_until_final(client: SyncPrefectClient, run: FlowRun, wait_for: Any) -> FlowRun:
    """The run as it ended."""
    wait_for(lambda: (state := client.read_flow_run(run.id).state) and state.is_final(), END_S)
    return client.read_flow_run(run.id)


def get(url: str) -> str:
    """A page's text."""
    with build_opener(ProxyHandler({})).open(url, timeout=10) as response:
        return str(response.read().decode())


def test_both_deployments_complete_and_link_their_report(serving: Any, until: Any) -> None:
    """Started through the API: each ends Completed, with an artifact whose links can be followed."""
    with serving.client() as client:
        for name in ("ad-hoc", "coin-flip"):
            deployment = client.read_deployment_by_name(f"study/{name}")
            run = wait_until_final(client, client.create_flow_run_from_deployment(deployment.id), until)
            assert run.state_name == "Completed", run.state
            (artifact,) = client.read_artifacts(
                artifact_filter=ArtifactFilter.model_validate({"flow_run_id": {"any_": [str(run.id)]}})
            )
            links = re.findall(rf"\(({re.escape(serving.site_url)}[^)]*)\)", str(artifact.data))
            assert len(links) == 2
            assert all("Simulated" in get(link) for link in links)


def test_a_schedule_makes_runs(serving: Any, until: Any) -> None:
    """The daily cron of coin-flip becomes scheduled runs; ad-hoc has none."""
    scheduled = FlowRunFilter.model_validate({"state": {"type": {"any_": ["SCHEDULED"]}}})
    with serving.client() as client:
        until(lambda: client.read_flow_runs(flow_run_filter=scheduled), SCHEDULED_S)
        deployments = {run.deployment_id for run in client.read_flow_runs(flow_run_filter=scheduled)}
        assert deployments == {client.read_deployment_by_name("study/coin-flip").id}


def test_deploying_again_leaves_a_pause_alone(serving: Any) -> None:
    """What an operator paused in the UI stays paused."""
    with serving.client() as client:
        deployment = client.read_deployment_by_name("study/coin-flip")
        (schedule,) = deployment.schedules
        assert schedule.active
        client.update_deployment_schedule(deployment.id, schedule.id, active=False)
        environment = {**serving.place.environment, "PREFECT_API_URL": serving.api_url}
        deploy = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
        subprocess.run(deploy, cwd=PROJECT, env=environment, capture_output=True, check=True)
        (again,) = client.read_deployment_by_name("study/coin-flip").schedules
        assert not again.active
        client.update_deployment_schedule(deployment.id, again.id, active=True)


def test_it_says_what_it_does_without_a_key(serving: Any) -> None:
    """No key: everything goes to the simulator, in words."""
    assert "OPENAI_API_KEY not set: every study is sent to the simulator" in serving.output.read_text()
