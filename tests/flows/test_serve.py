"""`flipbook serve`: a real server, a real worker, the deployments, and the pages over HTTP."""

import re
import subprocess
import sys
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, FlowRunFilter
from prefect.client.schemas.objects import FlowRun

from flows.serve import environment_of_parts
from tasks import catalogue
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


def test_deployments_complete_and_link_their_report(serving: Any, until: Any) -> None:
    """Started through the API: each ends Completed, with an artifact whose links can be followed."""
    with serving.client() as client:
        for name in ("ad-hoc", "coin-flip"):
            deployment = client.read_deployment_by_name(f"study/{name}")
            run = wait_until_final(client, client.create_flow_run_from_deployment(deployment.id), until)
            assert run.state_name == "Completed", run.state
            artifacts = client.read_artifacts(
                artifact_filter=ArtifactFilter.model_validate({"flow_run_id": {"any_": [str(run.id)]}})
            )
            data = {artifact.key: str(artifact.data) for artifact in artifacts}
            links = re.findall(rf"\(({re.escape(serving.site_url)}[^)]*)\)", data[f"study-{name}"])
            assert len(links) == 2
            links += re.findall(rf"\(({re.escape(serving.site_url)}[^)]*)\)", data[f"report-{name}"])
            assert len(links) == 3
            assert all("Simulated" in get(link) for link in links)


def test_a_schedule_makes_runs(serving: Any, until: Any) -> None:
    """The daily cron of each study becomes scheduled runs; ad-hoc has none."""
    scheduled = FlowRunFilter.model_validate({"state": {"type": {"any_": ["SCHEDULED"]}}})
    studies = catalogue.deployments(serving.place.settings).keys() - {"ad-hoc"}
    with serving.client() as client:
        expected = {client.read_deployment_by_name(f"study/{name}").id for name in studies}

        def deployments() -> set[object]:
            return {run.deployment_id for run in client.read_flow_runs(flow_run_filter=scheduled)}

        until(lambda: deployments() >= expected, SCHEDULED_S)
        assert deployments() == expected


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


def test_one_key_is_enough_to_ask_its_provider(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The studies that need another key are named, and nothing is sent to the simulator instead."""
    place.declare("openai", "http://127.0.0.1:9/v1", key_env="OPENAI_API_KEY")
    place.declare("azure", "http://127.0.0.1:9", key_env="AZURE_OPENAI_API_KEY", kind="azure", api_version="1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    monkeypatch.delenv("AZURE_OPENAI_API_KEY", raising=False)
    told: list[str] = []
    environment = environment_of_parts(place.settings, 1, 2, told.append)
    assert "FLIPBOOK_ENDPOINT" not in environment
    assert told == [
        "AZURE_OPENAI_API_KEY not set: runs of length will be refused. The other studies ask their providers."
    ]
