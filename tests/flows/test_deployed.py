"""A deployment as docs/operate.md says it: a server with a password on PostgreSQL, `flipbook deploy`, a worker, alerts."""

import datetime as dt
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import ArtifactFilter, FlowRunFilter, LogFilter
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.schedules import CronSchedule
from prefect.events import AutomationCore, Event
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling, Running, Scheduled

from flows import automating
from flows.deploying import IN_FILES, deploy, server
from flows.running import run_study
from flows.server import HOST
from tasks import catalogue
from tasks.core.errors import UsageError
from tasks.core.study import Study
from tasks.embedded import simulator_running
from tasks.judging import judge_kept
from tasks.settings import PROJECT

PASSWORD = "operator:not-a-secret-of-anybody"
SITE_URL = "https://reports.example.org"
END_S = 120
SLOW_SAMPLES = 1500
NewStudy = Callable[..., Study]


@dataclass
class Deployed:
    """The deployment, as an operator sees it."""

    place: Any
    api_url: str
    said: str
    messages: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def settings(self) -> Iterator[None]:
        """Within this block, this process speaks to its server."""
        with temporary_settings({PREFECT_API_URL: self.api_url, PREFECT_API_AUTH_STRING: PASSWORD}):
            yield

    @contextmanager
    def client(self) -> Iterator[SyncPrefectClient]:
        """Prefect's own client, of its server."""
        with self.settings(), get_client(sync_client=True) as client:
            yield client

    def told(self, event: str) -> list[dict[str, Any]]:
        """What came to the webhook of one event."""
        return [message for message in self.messages if message["event"] == event]

    def about(self, run: FlowRun) -> list[dict[str, Any]]:
        """What came to the webhook of how a run ended."""
        return [message for message in self.messages if str(run.id) in message["text"]]


@contextmanager
def webhook(messages: list[dict[str, Any]]) -> Iterator[str]:
    """The address of somebody who takes messages."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((HOST, 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_address[1]}/alerts"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def slow(free_port: Callable[[], int]) -> Iterator[str]:
    """The address of a simulator that leaves time to watch and to cancel."""
    base_url = f"http://{HOST}:{free_port()}/v1"
    with simulator_running(base_url, options=["--latency-ms", "150"]):
        yield base_url


def events_sent() -> None:
    """Prefect sends this process's events to the server that was set at the first one: from here on, to another."""
    EventsWorker.drain_all(timeout=END_S, at_exit=False)


@pytest.fixture(scope="module")
def deployed(
    postgres: Any,
    prefect_on: Any,
    worker_of: Any,
    new_place: Callable[[Path], Any],
    tmp_path_factory: pytest.TempPathFactory,
    slow: str,
) -> Iterator[Deployed]:
    """Server, deployments, alerts and a worker, each by the command that the guide names."""
    place = new_place(tmp_path_factory.mktemp("deployed"))
    place.declare("simulator", slow, kind="simulator")
    place.declare("local", "http://127.0.0.1:9/v1")
    place.declare("openai", "http://127.0.0.1:9/v1", key_env="OPENAI_API_KEY", requests_per_minute=500)
    messages: list[dict[str, Any]] = []
    with webhook(messages) as address, prefect_on(place, postgres, PASSWORD):
        place.environment.update(FLIPBOOK_SITE_URL=SITE_URL, FLIPBOOK_ALERT_URL=address)
        done = [place.run("deploy"), place.run("alerts")]
        assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
        with worker_of(place):
            events_sent()
            yield Deployed(place, place.environment["PREFECT_API_URL"], done[0].stdout, messages)
            events_sent()


@pytest.fixture(scope="module", autouse=True)
def judge() -> Iterator[None]:
    """One process judges all runs of this process."""
    with judge_kept():
        yield


@pytest.fixture
def here(deployed: Deployed, settings_said: Callable[[Any], None]) -> Iterator[Deployed]:
    """The deployment, for flows in this process."""
    settings_said(deployed.place)
    with deployed.settings():
        yield deployed


def ended(client: SyncPrefectClient, run: FlowRun, until: Any) -> FlowRun:
    """The run as it ended."""
    until(lambda: (state := client.read_flow_run(run.id).state) and state.is_final(), END_S)
    return client.read_flow_run(run.id)


def test_a_deployment_has_pool_studies_limits_and_automations(deployed: Deployed) -> None:
    """Everything that the project's files say is on the server."""
    studies = catalogue.deployments(deployed.place.settings)
    with deployed.client() as client:
        assert client.read_work_pool("flipbook").type == "process"
        assert {one.name for one in client.read_deployments()} == set(studies)
        limit = client.read_global_concurrency_limit_by_name("flipbook-openai-requests")
        assert (limit.limit, round(limit.slot_decay_per_second, 3)) == (8, 8.333)
        automations = {one.name: one for one in client.read_automations()}
    files = [yaml.safe_load(file.read_text())["name"] for file in automating.FOLDER.glob("*.yaml")]
    assert sorted(automations) == sorted(files)
    assert all(one.enabled for one in automations.values())
    assert f"Deployed: {', '.join(studies)}." in deployed.said


def test_deploying_again_says_what_it_overwrites(deployed: Deployed) -> None:
    """A cron, a number of samples and a limit that were changed in the UI; a pause stays; a second time says nothing."""
    with deployed.client() as client:
        study = client.read_deployment_by_name("study/length")
        (schedule,) = study.schedules
        client.update_deployment_schedule(
            study.id, schedule.id, active=False, schedule=CronSchedule(cron="5 5 * * *", timezone="UTC")
        )
        parameters = {"study": {**study.parameters["study"], "samples": 99}}
        client.request("PATCH", f"/deployments/{study.id}", json={"parameters": parameters})
        client.update_global_concurrency_limit("flipbook-openai-requests", GlobalConcurrencyLimitUpdate(limit=3))
        looked = said_by_deploying(deployed)
        assert client.read_deployment_by_name("study/length").parameters["study"]["samples"] == 99
        done = deployed.place.run("deploy").stdout
        for said in (looked, done):
            assert 'length: the schedule is "5 5 * * *" on the server and becomes "20 7 * * *"' in said
            assert "length: the study's samples is 99 on the server and becomes 10, as prefect.yaml says." in said
            assert "flipbook-openai-requests: 3 slots" in said
        again = client.read_deployment_by_name("study/length")
        (schedule,) = again.schedules
        assert (schedule.schedule.cron, schedule.active, again.parameters["study"]["samples"]) == (
            "20 7 * * *",
            False,
            10,
        )
    assert said_by_deploying(deployed) == "Of what is there nothing would change."


def said_by_deploying(deployed: Deployed) -> str:
    """What would be overwritten."""
    said: list[str] = []
    with deployed.settings():
        deploy(deployed.place.settings, tell=said.append, dry_run=True)
    return "\n".join(said)


def test_without_the_password_nothing_is_deployed(deployed: Deployed) -> None:
    """The sentence names the variable."""
    refused = deployed.place.run("deploy", PREFECT_API_AUTH_STRING="")
    assert refused.returncode == 2
    assert "wants a password: set PREFECT_API_AUTH_STRING" in refused.stderr
    with temporary_settings({PREFECT_API_URL: None}), pytest.raises(UsageError, match="PREFECT_API_URL="), server():
        pass


def test_a_study_that_no_automation_would_see_is_refused(deployed: Deployed, tmp_path: Path) -> None:
    """An entry without the tag by which automations know our runs: one sentence that names it, and nothing is changed."""
    catalogue_of_one = tmp_path / "prefect.yaml"
    (length, *_) = [entry for entry in catalogue.entries(deployed.place.settings) if entry["name"] == "length"]
    catalogue_of_one.write_text(yaml.safe_dump({"deployments": [length | {"tags": ["study"]}]}))
    refused = deployed.place.run("deploy", FLIPBOOK_CATALOGUE=str(catalogue_of_one))
    assert refused.returncode == 2
    assert "prefect.yaml: length without the tag 'flipbook'" in refused.stderr


def test_a_server_that_forgets_who_has_a_slot_is_told(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default it keeps leases in memory: a restart would end every run. This one was told to keep them in files."""
    assert "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE" not in said_by_deploying(deployed)
    monkeypatch.setattr("flows.deploying.IN_MEMORY", IN_FILES)
    assert f"start it with PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE={IN_FILES}." in said_by_deploying(deployed)


def test_a_cancelled_run_is_resumed_and_shows_its_progress(deployed: Deployed, until: Any) -> None:
    """Cancelled in the middle, it leaves its answers; the next one completes it. One beside that is refused, which is told."""
    place = deployed.place
    with deployed.client() as client:
        deployment = client.read_deployment_by_name("study/coin-flip")
        adhoc = client.read_deployment_by_name("study/ad-hoc")
        study = adhoc.parameters["study"] | {"name": "coin-flip", "samples": SLOW_SAMPLES}

        def start() -> FlowRun:
            parameters = {"study": study, "pages": False}
            return client.create_flow_run_from_deployment(deployment.id, parameters=parameters)

        earlier = place.lines()
        run = cancelled = start()
        until(lambda: place.lines() > earlier + 50, END_S)
        client.set_flow_run_state(run.id, Cancelling())
        assert ended(client, run, until).state_name == "Cancelled"
        before = place.lines()
        assert 50 < before - earlier < SLOW_SAMPLES
        run = start()
        until(lambda: place.lines() > before, END_S)
        refused = ended(client, start(), until)
        assert refused.state_name == "Cancelled"
        run = ended(client, run, until)
        assert run.state_name == "Completed", run.state
        of_run = {"flow_run_id": {"any_": [str(run.id)]}}
        artifacts = client.read_artifacts(artifact_filter=ArtifactFilter.model_validate(of_run))
        logged = [one.message for one in client.read_logs(LogFilter.model_validate(of_run), limit=200)]
        tasks = {one.name for one in client.read_task_runs(flow_run_filter=FlowRunFilter(id={"any_": [run.id]}))}
    of_both = f"run_id in (select run_id from raw.runs where planned = {SLOW_SAMPLES})"
    assert place.rows(f"select count(*) as n, count(distinct repeat) as repeats from stg.samples where {of_both}") == [
        {"n": SLOW_SAMPLES, "repeats": SLOW_SAMPLES}
    ]
    assert any(line.startswith("Resuming run ") for line in logged)
    assert "sample gpt-4o at simulator" in tasks
    shown = {str(one.key): one for one in artifacts}
    assert shown.keys() == {"progress-coin-flip", "study-coin-flip", "report-coin-flip"}
    assert shown["progress-coin-flip"].data == 100
    assert f"gpt-4o: {SLOW_SAMPLES:,} of {SLOW_SAMPLES:,}" in shown["progress-coin-flip"].description
    assert f"{SITE_URL}/coin-flip/index.html" in shown["report-coin-flip"].data
    until(lambda: deployed.about(refused), END_S)
    (message,) = deployed.about(refused)
    assert message["text"].startswith("coin-flip was not begun, since another run of it has its only slot")
    # Whoever cancels a run knows of it.
    assert deployed.about(cancelled) == deployed.about(run) == []


def test_runs_that_sample_nothing_are_told(deployed: Deployed, until: Any) -> None:
    """One that comes after its day, at a provider; and one whose key is not set. One message each."""
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    with deployed.client() as client:
        deployment = client.read_deployment_by_name("study/ad-hoc")
        study = deployment.parameters["study"] | {"targets": [{"endpoint": "local", "model": "some-model"}]}
        late = client.create_flow_run_from_deployment(
            deployment.id, parameters={"study": study, "pages": False}, state=Scheduled(scheduled_time=yesterday)
        )
        deployment = client.read_deployment_by_name("study/coin-flip-answers")
        refused = client.create_flow_run_from_deployment(deployment.id)
        assert ended(client, late, until).state_name == "Too late"
        assert ended(client, refused, until).state_name == "Failed"
    until(lambda: deployed.told("flipbook.day.missed") and deployed.about(refused), END_S)
    (message,) = deployed.told("flipbook.day.missed")
    assert f"ad-hoc, {yesterday.date()}: not sampled. This run was scheduled for" in message["text"]
    assert deployed.about(late) == []
    (message,) = deployed.about(refused)
    assert "Set OPENAI_API_KEY: endpoint 'openai' reads its key from there." in message["text"]


def test_a_change_is_told_once(here: Deployed, coin_flip: NewStudy, free_port: Callable[[], int], until: Any) -> None:
    """One message with the reason, the figures and the link; a second run of the day does not say it again."""
    today = dt.datetime.now(dt.UTC).date()
    study = coin_flip("changing", model="control-changing", name="watched", samples=60)
    changing = f"http://{HOST}:{free_port()}/v1"
    here.place.declare("changing", changing, kind="simulator")
    with simulator_running(changing, options=["--changes-on", str(today)]):
        for back in (2, 1, 0, 0):
            done = run_study(study, today - dt.timedelta(days=back), new=True, pages=False, tell=print)
            assert done.is_done, done.message
    # What comes after it has not overtaken it.
    stopped = coin_flip(name="stopped", samples=5000, deadline_minutes=0.01)
    assert run_study(stopped, today, pages=False, tell=print).state == "Incomplete"
    until(lambda: here.told("flipbook.run.stopped"), END_S)
    (message,) = here.told("flipbook.change.detected")
    said = message["payload"]
    assert message["text"].startswith(f"Simulated: watched, {today}: control-changing at changing changed (")
    assert message["text"].endswith(f"{SITE_URL}/watched/{today}.html")
    assert (said["study"], said["day"], said["is_simulated"]) == ("watched", str(today), True)
    (series,) = said["series"]
    assert series["reason"] == said["reason"] != ""
    assert series["wasserstein_pp"] > 0
    assert series["mean_pct"] > 0
    (message,) = here.told("flipbook.run.stopped")
    assert "stopped at its deadline of 0.01 minutes" in message["text"]


def test_a_critical_expectation_that_fails_is_told(
    here: Deployed, coin_flip: NewStudy, free_port: Callable[[], int], until: Any
) -> None:
    """Answers from a model of another family: the run is in no figure, and somebody is told."""
    other = f"http://{HOST}:{free_port()}/v1"
    here.place.declare("other", other, kind="simulator")
    with simulator_running(other, options=["--fault", "other-model=1"]):
        today = dt.datetime.now(dt.UTC).date()
        run_study(coin_flip("other", name="strange"), today, pages=False, tell=print)
    until(lambda: here.told("flipbook.expectation.failed"), END_S)
    (message,) = here.told("flipbook.expectation.failed")
    assert "strange" in message["text"]
    assert "answers come from a model of another family" in message["text"]
    assert message["payload"]["expectations"][0]["expectation"] == "served_model_is_of_the_requested_family"


@pytest.mark.usefixtures("here")
def test_a_run_is_done_though_nobody_can_be_told(coin_flip: NewStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that the server does not take is said, and no more."""

    async def refused(*_: object) -> list[object]:
        raise RuntimeError("no")

    monkeypatch.setattr("flows.events.related_resources_from_run_context", refused)
    told: list[str] = []
    study = coin_flip(name="untold", samples=5000, deadline_minutes=0.01)
    done = run_study(study, dt.datetime.now(dt.UTC).date(), pages=False, tell=told.append)
    assert done.is_done
    assert any(line.startswith("Nobody was told (untold") for line in told)


def test_a_lost_run_is_marked_as_crashed(deployed: Deployed, until: Any) -> None:
    """A run that gave signs of life and gives no more: as automations/run-lost.yaml says, but sooner."""
    with deployed.client() as client:
        (automation,) = client.read_automations_by_name("Flipbook: mark lost runs as crashed")
        sooner = automation.trigger.model_copy(update={"within": dt.timedelta(seconds=10)})
        ours = automation.model_dump(include={"name", "description", "actions"})
        client.update_automation(automation.id, AutomationCore.model_validate(ours | {"trigger": sooner}))
        deployment = client.read_deployment_by_name("study/load")
        tomorrow = Scheduled(scheduled_time=dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
        run = client.create_flow_run_from_deployment(deployment.id, state=tomorrow)
        client.set_flow_run_state(run.id, Running(), force=True)
        heartbeat = Event(
            event="prefect.flow-run.heartbeat",
            resource={"prefect.resource.id": f"prefect.flow-run.{run.id}"},
            related=[{"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in run.tags],
        )
        client.request("POST", "/events", json=[heartbeat.model_dump(mode="json")])
        assert ended(client, run, until).state_name == "Crashed"
        said: list[str] = []
        for _ in range(2):
            automating.keep_automation(client, automating.LOST, (), said.append)
        # The second time, there is nothing to say.
        assert said == [f"The automation {automation.name!r} differs on the server, and becomes as run-lost.yaml says."]


SEND = """
import asyncio, datetime as dt, sys
from tasks.core.endpoints import Endpoint
from tasks.limits import Brake
from tasks.provider import Provider

async def send(base_url):
    endpoint = Endpoint(name="limited", kind="simulator", base_url=base_url, requests_per_minute=600)
    request = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "Flip a coin."}]}'
    async with Provider(endpoint, None, day=dt.datetime.now(dt.UTC).date(), concurrency=8) as provider:
        calls = [provider.ask("gpt-4o", request, 10, Brake()) for _ in range(35)]
        print(*[answer.requested_at.timestamp() for answer in await asyncio.gather(*calls)])

asyncio.run(send(sys.argv[1]))
"""


def test_two_processes_keep_one_limit(deployed: Deployed, simulator: str) -> None:
    """Each alone would send ten requests a second: together they send no more than that."""
    command = [sys.executable, "-c", SEND, f"{simulator}/v1"]
    environment = deployed.place.environment
    processes = [
        subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    sent = sorted(float(at) for process in processes for at in process.communicate()[0].split())
    assert len(sent) == 70
    span_s = 4
    most = max(sum(at <= other < at + span_s for other in sent) for at in sent)
    # Ten slots at once, ten a second from then on, and what was leased in the second before.
    assert most <= 10 * (span_s + 2)
    with deployed.client() as client:
        assert client.read_global_concurrency_limit_by_name("flipbook-limited-requests").limit == 10
