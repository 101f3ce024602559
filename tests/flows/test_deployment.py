"""The catalogue as Prefect sees it: entrypoints, the run form, and that no result is ever reused."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from prefect.settings import PREFECT_API_URL, PREFECT_RESULTS_PERSIST_BY_DEFAULT, temporary_settings

from flows.cli import PATIENT
from flows.deploying import TEMPLATE, server
from flows.running import run_study
from tasks import catalogue
from tasks.catalogue import POOL, TAG
from tasks.core.study import Study
from tasks.settings import PROJECT, Settings

ENTRIES = yaml.safe_load((PROJECT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
DESCRIBE = """
import json, sys
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema
print(json.dumps(parameter_schema(load_flow_from_entrypoint(sys.argv[1], use_placeholder_flow=False)).model_dump()))
"""


@pytest.fixture(scope="module", params=sorted({entry["entrypoint"] for entry in ENTRIES}))
def form(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An entrypoint's parameters as the run form gets them, loaded by a fresh process in another directory."""
    path, _, flow = request.param.rpartition(":")
    command = [sys.executable, "-c", DESCRIBE, f"{PROJECT / path}:{flow}"]
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    loaded = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr
    described: dict[str, Any] = json.loads(loaded.stdout.splitlines()[-1])
    return described


def fields(form: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of the form, those of nested cards included."""
    yield from form["properties"].items()
    for name, card in form["definitions"].items():
        yield from ((f"{name}.{field}", schema) for field, schema in card.get("properties", {}).items())


def test_every_field_of_the_form_is_described_and_in_order(form: dict[str, Any]) -> None:
    """Each field has a description; positions are unique within a card, and follow the order of the code."""
    assert [name for name, schema in fields(form) if not schema.get("description")] == []
    for card in (form, *form["definitions"].values()):
        positions = [schema["position"] for schema in card.get("properties", {}).values()]
        assert positions == list(range(len(positions)))


def test_the_form_has_the_study_first(form: dict[str, Any]) -> None:
    """What to run comes before how."""
    assert list(form["properties"]) == ["study", "day", "new", "pages"]
    assert form["required"] == ["study"]


def test_the_catalogue_is_valid_and_each_deployment_is_named_as_its_study() -> None:
    """A study has one home, and one name."""
    studies = catalogue.deployments(Settings())
    assert {name: study.name for name, study in studies.items()} == {name: name for name in studies}


def test_a_schedule_says_what_survives_a_second_deployment() -> None:
    """A slug, UTC, and no `active`, which would undo an operator's pause."""
    schedules = {entry["name"]: entry["schedules"] for entry in ENTRIES}
    assert schedules.pop("ad-hoc") == []
    for (daily,) in schedules.values():
        assert (daily["slug"], daily["timezone"], "active" in daily) == ("daily", "UTC", False)
    crons = [daily["cron"] for (daily,) in schedules.values()]
    assert len(set(crons)) == len(crons)


def test_a_run_is_as_patient_at_a_worker_as_on_the_command_line() -> None:
    """With a server that is away, or answers 500 because its database is."""
    template = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    assert template["job_configuration"]["env"].items() >= PATIENT.items()


def test_a_repeated_request_is_a_new_request(here: Any, simulator: str, coin_flip: Callable[..., Study]) -> None:
    """With results persisted by default, three draws of one prompt are three requests; again the next time."""
    day = dt.date(2026, 3, 1)
    with temporary_settings({PREFECT_RESULTS_PERSIST_BY_DEFAULT: True}):
        for requests in (3, 6):
            before = _requests(simulator)
            ended = run_study(coin_flip(samples=3), day, pages=False, tell=print)
            assert ended.is_done, ended.message
            assert _requests(simulator) == before + 3
            assert here.rows("select count(*) as n, count(distinct response_id) as ids from stg.samples") == [
                {"n": requests, "ids": requests}
            ]


def _requests(simulator: str) -> int:
    with urlopen(f"{simulator}/stats", timeout=5) as response:
        return int(json.load(response)["requests"])


def test_every_study_is_in_the_pool_and_has_the_tag_that_others_know_it_by() -> None:
    """The worker's pool, and the tag of the automations."""
    assert {entry["work_pool"]["name"] for entry in ENTRIES} == {POOL}
    assert all(TAG in entry["tags"] for entry in ENTRIES)


class Silent(BaseHTTPRequestHandler):
    """A server that is there, and has nothing."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""


def test_a_server_that_only_just_starts_is_waited_for(free_port: Callable[[], int]) -> None:
    """As after `systemctl start`. What is wanted of it is asked once it can be connected to."""
    port, said, threads = free_port(), list[str](), []

    def start(sentence: str) -> None:
        said.append(sentence)
        late = HTTPServer(("127.0.0.1", port), Silent)
        threads.append((late, Thread(target=late.serve_forever, args=(0.05,))))
        threads[-1][1].start()

    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{port}/api"}), server(start) as client:
        assert client.api_healthcheck() is not None
    assert said == [f"No server answers at 127.0.0.1:{port} yet: waiting up to 60 s."]
    for late, thread in threads:
        late.shutdown()
        thread.join()
        late.server_close()
