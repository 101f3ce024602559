"""PostgreSQL goes away under Prefect's server. In a file of its own: that server hears of no changed automation afterwards."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

PASSWORD = "operator:not-a-secret-of-anybody"
END_S = 180


def answers(client: SyncPrefectClient) -> bool:
    """Whether the server has its database."""
    with suppress(PrefectHTTPStatusError):
        return bool(client.read_work_pools())
    return False


def test_a_run_outlives_its_servers_database(
    postgres: Any,
    prefect_on: Any,
    worker_of: Any,
    simulator: str,
    tmp_path: Path,
    new_place: Callable[[Path], Any],
    until: Any,
) -> None:
    """Away from the run's first moments until it has landed: the server answers 500, and the run completes."""
    place = new_place(tmp_path)
    place.declare("simulator", f"{simulator}/v1", kind="simulator")
    with prefect_on(place, postgres, PASSWORD):
        assert place.run("deploy").returncode == 0
        said = {PREFECT_API_URL: place.environment["PREFECT_API_URL"], PREFECT_API_AUTH_STRING: PASSWORD}
        with worker_of(place), temporary_settings(said), get_client(sync_client=True) as client:
            deployment = client.read_deployment_by_name("study/ad-hoc")
            parameters = {**deployment.parameters, "pages": False}
            run = client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
            until(lambda: list(place.settings.spool.glob("[!.]*-ad-hoc-*")), END_S)
            postgres.stop()
            try:
                until(lambda: list(place.settings.spool.glob("[!.]*-ad-hoc-*/landed")), END_S)
            finally:
                postgres.start()
            until(lambda: answers(client), END_S)
            until(lambda: (state := client.read_flow_run(run.id).state) and state.is_final(), END_S)
            assert client.read_flow_run(run.id).state_name == "Completed"
