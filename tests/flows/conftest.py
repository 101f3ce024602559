"""One `flipbook serve` and one simulator for the whole session; a warehouse, a spool and pages for each test."""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import leashed
from flows.deploying import IN_FILES
from flows.server import HOST, wait_for_server
from tasks.core.study import Study
from tasks.embedded import simulator_running
from tasks.settings import PROJECT, Settings
from tasks.warehouse import Warehouse

START_S = 240
CLI = [sys.executable, "-c", "from flows.cli import main; main()"]
SETTINGS = ("warehouse", "spool", "site", "endpoints", "catalogue")


@pytest.fixture(scope="session", autouse=True)
def heard_ctrl_c() -> None:
    """Ctrl-C reaches what the tests start, also where a shell started them in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", name="free_port")
def free_ports() -> Callable[[], int]:
    """Finds ports."""
    return free_port


@pytest.fixture(scope="session")
def new_place() -> Callable[[Path], "Place"]:
    """Makes an empty place in a folder."""
    return lambda folder: Place(folder, environment_at(folder))


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Place:
    """A folder with a warehouse, a spool, pages and endpoints of its own, and the command line at work in it."""

    folder: Path
    environment: dict[str, str]

    @property
    def settings(self) -> Settings:
        """The settings that say so."""
        given = {name: self.environment[f"FLIPBOOK_{name.upper()}"] for name in SETTINGS}
        return Settings.model_validate({**given, "warehouse_wait_s": 1})

    def declare(self, name: str, base_url: str, **fields: str | float) -> None:
        """Declare one more endpoint."""
        lines = [
            f"[{name}]",
            *(f"{key} = {json.dumps(value)}" for key, value in {"base_url": base_url, **fields}.items()),
        ]
        with self.settings.endpoints.open("a", encoding="utf-8") as file:
            file.write("\n".join([*lines, "", ""]))

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`flipbook ARGUMENTS` as a process, from another directory."""
        said = {**self.environment, **environment}
        command = [*CLI, *arguments]
        return subprocess.run(command, cwd=self.folder, env=said, capture_output=True, text=True, check=False)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, not waited for."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([*CLI, *arguments], cwd=self.folder, env=self.environment, text=True, **pipes)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """What the warehouse answers."""
        with Warehouse.open(self.settings, read_only=True) as warehouse:
            return warehouse.rows(sql)

    def lines(self) -> int:
        """Lines in all spool files."""
        spool = self.settings.spool
        return sum(path.read_bytes().count(b"\n") for path in spool.glob("[!.]*/*.ndjson"))


def environment_at(folder: Path) -> dict[str, str]:
    """The environment of a place, without keys, and with nothing said to Prefect but where its home is."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("FLIPBOOK_", "PREFECT_", "OPENAI"))
    }
    return kept | {
        "FLIPBOOK_WAREHOUSE": str(folder / "flipbook.duckdb"),
        "FLIPBOOK_SPOOL": str(folder / "spool"),
        "FLIPBOOK_SITE": str(folder / "site"),
        "FLIPBOOK_ENDPOINTS": str(folder / "endpoints.toml"),
        "FLIPBOOK_CATALOGUE": str(PROJECT / "prefect.yaml"),
        "FLIPBOOK_WAREHOUSE_WAIT_S": "1",
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep),
    }


@pytest.fixture(scope="session")
def simulator() -> Iterator[str]:
    """The root of a running simulator."""
    root = f"http://127.0.0.1:{free_port()}"
    with simulator_running(f"{root}/v1"):
        yield root


@pytest.fixture(scope="session")
def prefect_on() -> Callable[..., AbstractContextManager[str]]:
    """Prefect's server with a password, on a database in PostgreSQL, which it names; a place's processes know the server."""

    @contextmanager
    def started(place: Place, postgres: Any, password: str) -> Iterator[str]:
        port, database = free_port(), postgres.new_database()
        place.environment.update(PREFECT_API_URL=f"http://{HOST}:{port}/api", PREFECT_API_AUTH_STRING=password)
        of_server = {
            **place.environment,
            "PREFECT_SERVER_API_AUTH_STRING": password,
            "PREFECT_API_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://postgres@{HOST}:{postgres.port}/{database}",
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": IN_FILES,
            "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
        }
        server = leashed.start(
            of_server, "prefect", "server", "start", "--host", HOST, "--port", str(port), cwd=PROJECT
        )
        try:
            wait_for_server(port, server)
            yield database
        finally:
            leashed.stop(server)

    return started


@pytest.fixture(scope="session")
def worker_of() -> Callable[..., AbstractContextManager[None]]:
    """A worker of the work pool, for three runs at a time, with a place's environment and what is said besides."""

    @contextmanager
    def started(place: Place, **environment: str) -> Iterator[None]:
        # It looks for runs every ten seconds otherwise.
        said = {**place.environment, "PREFECT_WORKER_QUERY_SECONDS": "1", **environment}
        command = ("prefect", "worker", "start", "--pool", "flipbook", "--type", "process", "--limit", "3")
        worker = leashed.start(said, *command, cwd=PROJECT)
        try:
            yield
        finally:
            leashed.stop(worker)

    return started


@dataclass(frozen=True)
class Serving:
    """A running `flipbook serve`."""

    place: Place
    api_url: str
    site_url: str
    output: Path

    def client(self) -> SyncPrefectClient:
        """Prefect's own client, of its server."""
        with temporary_settings({PREFECT_API_URL: self.api_url}):
            return get_client(sync_client=True)


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory, simulator: str, until: Callable[..., None]) -> Iterator[Serving]:
    """`flipbook serve` without a key. At the end SIGTERM ends it, and nothing that it started is left."""
    folder = tmp_path_factory.mktemp("serving")
    place = Place(folder, environment_at(folder))
    place.declare("simulator", f"{simulator}/v1", kind="simulator")
    place.declare("openai", "http://127.0.0.1:9/v1", key_env="OPENAI_API_KEY")
    ports = {"--port": str(free_port()), "--site-port": str(free_port())}
    output = folder / "output"
    arguments = [word for pair in ports.items() for word in pair]
    with output.open("w") as file:
        process = subprocess.Popen(
            [*CLI, "serve", *arguments], cwd=folder, env=place.environment, stdout=file, stderr=file
        )
    try:
        until(lambda: "Ctrl-C ends" in output.read_text() or process.poll() is not None)
        assert process.poll() is None, output.read_text()
        urls = [f"http://127.0.0.1:{port}" for port in ports.values()]
        yield Serving(place, f"{urls[0]}/api", urls[1], output)
        process.send_signal(signal.SIGTERM)
        assert process.wait(START_S) == 0
        assert processes_naming(ports["--port"]) == processes_naming(ports["--site-port"]) == []
    finally:
        process.kill()
        process.wait()


def processes_naming(word: str) -> list[str]:
    """The command lines on this machine that contain `word` as an argument."""
    listed = subprocess.run(["ps", "-A", "-o", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if word in line.split()]


@pytest.fixture
def place(tmp_path: Path, simulator: str) -> Place:
    """An empty place; the simulator is declared."""
    made = Place(tmp_path, environment_at(tmp_path))
    made.declare("simulator", f"{simulator}/v1", kind="simulator")
    return made


@pytest.fixture
def connections_closed() -> Iterator[None]:
    """Prefect leaves connections to its server to the collector, which complains of each."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def settings_said(monkeypatch: pytest.MonkeyPatch, connections_closed: None) -> Callable[[Place], None]:  # noqa: ARG001 - what it starts is closed
    """Says a place's settings to flows in this process."""

    def say(place: Place) -> None:
        for name, value in place.environment.items():
            if name.startswith("FLIPBOOK_"):
                monkeypatch.setenv(name, value)

    return say


@pytest.fixture
def here(place: Place, serving: Serving, settings_said: Callable[[Place], None]) -> Iterator[Place]:
    """The place, for flows in this process."""
    settings_said(place)
    with temporary_settings({PREFECT_API_URL: serving.api_url}):
        yield place


@pytest.fixture
def served(place: Place, serving: Serving) -> Place:
    """The place, for processes that talk to the session's server."""
    return Place(place.folder, {**place.environment, "PREFECT_API_URL": serving.api_url})


@pytest.fixture
def coin_flip() -> Callable[..., Study]:
    """Makes small coin flips of one model; any field can be given."""

    def make(endpoint: str = "simulator", model: str = "gpt-4o", **fields: Any) -> Study:
        given: dict[str, Any] = {
            "name": "coin-flip",
            "prompts": [{"name": "flip", "messages": [{"content": "Flip a coin. Return Heads or Tails only."}]}],
            "targets": [{"endpoint": endpoint, "model": model, "follow": "Heads"}],
            "arms": [{"temperature": 0, "seed": 42, "max_tokens": 1, "top_logprobs": 20}],
            "samples": 5,
        }
        return Study.model_validate(given | fields)

    return make


@pytest.fixture
def slow_simulator() -> Iterator[str]:
    """The root of a simulator that takes its time for each answer."""
    root = f"http://127.0.0.1:{free_port()}"
    with simulator_running(f"{root}/v1", options=["--latency-ms", "150"]):
        yield root
