"""What tests of several folders share: a warehouse of their own, and lines of a recording to land in it.

With FLIPBOOK_TEST_WAREHOUSE=ducklake in the environment the warehouse is a DuckLake in PostgreSQL, for the same tests.
"""

import datetime as dt
import json
import math
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tasks.judging import Judging
from tasks.land import import_file
from tasks.landed import Landing
from tasks.settings import Settings
from tasks.warehouse import Warehouse

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DATA = Path(__file__).parent / "data"
LANDED_AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)

# Servers and browsers start late where every core is at work.
PATIENCE_S = 240

Line = dict[str, Any]


# Files whose tests bring up servers take minutes: one of them begun last would keep the other processes waiting.
FIRST = ("drill", "flows")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those first, otherwise in the order that they are in, which is shuffled."""
    items.sort(key=lambda item: item.path.parent.name not in FIRST)


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    """Waits until something is so, or the test fails: `until(is_so, seconds)`."""

    def wait(is_so: Callable[[], object], seconds: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, "it did not come to that"
            time.sleep(0.05)

    return wait


@dataclass(frozen=True)
class Postgres:
    """A running PostgreSQL of the tests' own."""

    folder: Path
    port: int

    def conninfo(self, database: str = "postgres", **more: str) -> str:
        """How libpq reaches a database of it."""
        given = {"host": "127.0.0.1", "port": str(self.port), "user": "postgres", "dbname": database} | more
        return " ".join(f"{name}={value}" for name, value in given.items())

    def new_database(self, template: str = "template1") -> str:
        """The name of a database that nobody uses yet."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"create database {name} template {template}")
        return name

    def execute(self, sql: str, database: str = "postgres") -> str:
        """What psql says."""
        command = [_postgres_program("psql"), self.conninfo(database), "--quiet", "-At", "-c", sql]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        _as_postgres("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it, and wait until it is gone; whoever is connected is not waited for."""
        _as_postgres("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def dump(self, database: str) -> bytes:
        """All that is in a database, as text."""
        command = [_postgres_program("pg_dump"), "--dbname", self.conninfo(database)]
        return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server on loopback for all tests. Skipped without its programs; with CI set, that fails."""
    if not _postgres_program("initdb"):
        reason = "PostgreSQL's programs are not installed (Debian: postgresql)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="flipbook-postgres-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = Postgres(folder, probe.getsockname()[1])
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    _as_postgres("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
    server.start()
    yield server
    server.stop("immediate")
    shutil.rmtree(folder)


def _postgres_program(name: str) -> str | None:
    # Debian keeps the server's programs out of the path.
    debian = sorted(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")))
    return debian[-1] if debian else shutil.which(name)


def _as_postgres(program: str, *arguments: str) -> None:
    # PostgreSQL refuses to run as root.
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    command = [*user, str(_postgres_program(program)), *arguments]
    subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, check=True)


@pytest.fixture(scope="session")
def new_lake(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Settings]:
    """Makes settings with an empty DuckLake of their own, whose local files go to a folder."""
    data = tmp_path_factory.mktemp("lake")

    def of(database: str, folder: Path) -> Settings:
        where = f"ducklake:postgres:{postgres.conninfo(database)}"
        return Settings(warehouse=where, warehouse_data=str(data), spool=folder / "spool", warehouse_wait_s=30)

    # Every one is a copy of this one: to create a lake takes a second.
    empty = postgres.new_database()
    with Warehouse.open(of(empty, tmp_path_factory.mktemp("empty"))):
        pass
    return lambda folder: of(postgres.new_database(empty), folder)


@pytest.fixture
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings with an empty warehouse of the test's own."""
    if os.environ.get("FLIPBOOK_TEST_WAREHOUSE") == "ducklake":
        made: Settings = request.getfixturevalue("new_lake")(tmp_path)
        return made
    return Settings(warehouse=str(tmp_path / "warehouse.duckdb"))


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    """An empty warehouse, open."""
    with Warehouse.open(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def judging() -> Iterator[Judging]:
    """A process that judges, for all tests."""
    with Judging() as started:
        yield started


@pytest.fixture
def land(warehouse: Warehouse, tmp_path: Path) -> Callable[[Iterable[Line]], Landing]:
    """Lands lines of a recording by importing them; every call is an import of its own."""
    files = (tmp_path / f"recording-{number}.ndjson" for number in range(100))

    def import_lines(lines: Iterable[Line]) -> Landing:
        file = next(files)
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return import_file(warehouse, file, LANDED_AT)

    return import_lines


@pytest.fixture
def line() -> Callable[..., Line]:
    """Makes a line of a recording.

    `top` is the top-k list as {token: probability in percent}. Any field of the line can be given, and of the answer
    `id`, `model`, `fingerprint`, `text`, `tokens` (the completion's own), `finish_reason` and `prompt_tokens`.
    """
    numbers = iter(range(1_000_000))

    def make(day: str = "2026-03-01", top: dict[str, float] | None = None, **fields: Any) -> Line:
        number = next(numbers)
        top = {"Heads": 90.0, "T": 10.0} if top is None else top
        given = {
            "study": "coin-flip",
            "endpoint": "openai",
            "prompt": "flip",
            "day": day,
            "follow": "Heads",
            "requested_at": f"{day}T06:{number // 60 % 60:02}:{number % 60:02}Z",
            "latency_s": 0.5,
            "attempts": 1,
            "status": 200,
            "request": {"model": "gpt-4o", "messages": [], "logprobs": True, "top_logprobs": 2},
        }
        answer = _answer(number, top, {name: fields.pop(name) for name in _ANSWER_FIELDS & fields.keys()})
        return given | {"response": answer} | fields

    return make


_ANSWER_FIELDS = {"id", "model", "fingerprint", "text", "tokens", "finish_reason", "prompt_tokens"}


def _answer(number: int, top: dict[str, float], said: dict[str, Any]) -> str:
    entries = [{"token": token, "logprob": math.log(pct / 100)} for token, pct in top.items()]
    position = (entries[0] | {"top_logprobs": entries}) if entries else None
    content = [position] if position else None
    if "tokens" in said:
        content = [{**(position or {}), "token": token, "logprob": -0.1} for token in said["tokens"]]
    body = {
        "id": said.get("id", f"chatcmpl-{number}"),
        "object": "chat.completion",
        "created": 1,
        "model": said.get("model", "gpt-4o"),
        "system_fingerprint": said.get("fingerprint", "fp_0123456789"),
        "choices": [
            {
                "index": 0,
                "finish_reason": said.get("finish_reason", "stop"),
                "message": {"role": "assistant", "content": said.get("text", "Heads")},
                "logprobs": None if content is None else {"content": content},
            }
        ],
        "usage": {"prompt_tokens": said.get("prompt_tokens", 13), "completion_tokens": len(content or [0])},
    }
    return json.dumps(body)


@pytest.fixture
def ten_thousand_flips(line: Callable[..., Line]) -> list[Line]:
    """The published ten thousand flips as a recording; each value's split keeps the fingerprints' totals."""
    figures = json.loads((DATA / "vatter_2025.json").read_text(encoding="utf-8"))["ten_thousand_flips"]
    left = dict(figures["fingerprint_totals"])
    lines = []
    for value in sorted(figures["values"], key=lambda value: len(value["fingerprints"])):
        for _ in range(value["count"]):
            fingerprint = max(value["fingerprints"], key=lambda name: left[name])
            left[fingerprint] -= 1
            lines.append(line(top={"Heads": value["probability_pct"]}, fingerprint=fingerprint))
    return lines


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium, for all tests of a module: while it runs, nothing else can begin an event loop in this thread."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None and not os.environ.get("CI"):
        pytest.skip("needs a Chromium: apt-get install chromium")
    assert chromium, "no Chromium is installed: apt-get install chromium"
    options = ["--no-sandbox", "--disable-background-networking"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=options)
        yield started
        started.close()
