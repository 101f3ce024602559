"""Flow runs whose process is gone: a server would show them as running, and keep their deployment's one slot taken."""

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Crashed

MESSAGE = "Its process was stopped; the next run of the same study and day takes up where it ended."
UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]


def crash_left_behind(api_url: str) -> None:
    """Mark as crashed what the server at `api_url` believes to be under way. Only while no worker runs."""
    under_way = FlowRunFilter.model_validate({"state": {"type": {"any_": UNDER_WAY}}})
    with temporary_settings({PREFECT_API_URL: api_url}), get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=under_way):
            client.set_flow_run_state(run.id, Crashed(message=MESSAGE))
