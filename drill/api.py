"""Prefect's API over plain HTTP: the drill must not wait for a server that it has just killed, nor retry."""

import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

TIMEOUT_S = 5


class Api:
    """The few calls that the drill makes. Each gives None where the server does not answer, or answers with an error."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opener = build_opener(ProxyHandler({}))

    @property
    def is_up(self) -> bool:
        """Whether the server answers."""
        return self._asked("GET", "health") is not None

    def deployment(self, name: str) -> str | None:
        """The id of a deployment of the flow."""
        found = self._asked("GET", f"deployments/name/study/{name}")
        return str(found["id"]) if found else None

    def start(self, deployment: str, parameters: dict[str, Any], key: str) -> str | None:
        """Ask for a run. Its id; None may also mean that the run was made and the answer was lost.

        Asked with the same key, the server makes no second one.
        """
        state = {"type": "SCHEDULED", "name": "Scheduled"}
        body = {"parameters": parameters, "state": state, "idempotency_key": key}
        made = self._asked("POST", f"deployments/{deployment}/create_flow_run", body)
        return str(made["id"]) if made else None

    def state(self, flow_run: str) -> tuple[str, str] | None:
        """A run's state: its type, and its name."""
        run = self._asked("GET", f"flow_runs/{flow_run}")
        state = run and run.get("state")
        return (state["type"], state["name"]) if state else None

    def parameters(self, flow_run: str) -> dict[str, Any] | None:
        """What a run was started with."""
        run = self._asked("GET", f"flow_runs/{flow_run}")
        return run and dict(run["parameters"])

    def crash(self, flow_run: str, message: str) -> None:
        """Say of a run whose process is gone that it crashed, as an operator would."""
        state = {"type": "CRASHED", "name": "Crashed", "message": message}
        self._asked("POST", f"flow_runs/{flow_run}/set_state", {"state": state, "force": True})

    def _asked(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self._url}/{path}", data, {"content-type": "application/json"}, method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                return json.load(response)
        except HTTPError as error:
            error.close()
        except (OSError, HTTPException, ValueError):
            pass
        return None
