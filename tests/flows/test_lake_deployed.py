"""A deployment whose workers share a DuckLake, each as on a machine of its own: all at once, and no key anywhere."""

import asyncio
import base64
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from tasks.warehouse import Warehouse

PASSWORD = "operator:not-a-secret-of-anybody"
END_S = 420
# What no spelling of the key changes: JSON's, an address's or a page's.
CORE = secrets.token_hex(12)
KEY = f'sk-"{CORE}/+=&{CORE}"'
NEEDLES = [CORE.encode(), base64.b64encode(KEY.encode()), base64.b64encode(f"api:{KEY}".encode())]
# Of the catalogue: samples, and the calls that they make of each study's targets, arms and prompts.
STUDIES = {"coin-flip": (30, 90), "coin-flip-answers": (30, 90), "length": (2, 10)}
AD_HOC_RUNS, AD_HOC_SAMPLES = 2, 20


class Leaky(BaseHTTPRequestHandler):
    """An endpoint that says the key back, in an answer or in a refusal."""

    def do_POST(self) -> None:
        said = self.headers["Authorization"].removeprefix("Bearer ")
        model = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
        message = {"role": "assistant", "content": f"Your key is {said}."}
        answer = {"id": f"c-{id(self)}", "model": said, "choices": [{"index": 0, "message": message}]}
        is_answered = model == "says-it"
        body = json.dumps(answer if is_answered else {"error": {"message": f"Incorrect API key: {said}."}}).encode()
        self.send_response(200 if is_answered else 401)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-request-id", said)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""


@contextmanager
def leaky() -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Leaky) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Lake:
    """The deployment, after its runs."""

    place: Any
    databases: tuple[str, ...]
    """Prefect's, and the catalogue's."""
    runs: dict[str, list[FlowRun]]
    """By study, as they ended."""

    def per_study(self, sql: str) -> dict[str, Any]:
        """What the warehouse answers of each study; those that were not planted."""
        rows = [list(row.values()) for row in self.place.rows(sql)]
        return {study: figure for study, figure in rows if study != "planted"}


@pytest.fixture(scope="module")
def lake(
    postgres: Any,
    new_place: Callable[[Path], Any],
    prefect_on: Any,
    worker_of: Any,
    simulator: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Lake]:
    """Four workers, each with a spool of its own, and six runs at once into a lake that nobody has made yet."""
    folder, catalogue = tmp_path_factory.mktemp("lake"), postgres.new_database()
    place = new_place(folder)
    place.declare("simulator", f"{simulator}/v1", kind="simulator")
    place.environment.update(
        FLIPBOOK_WAREHOUSE=f"ducklake:postgres:{postgres.conninfo(catalogue)}",
        FLIPBOOK_WAREHOUSE_DATA=str(folder / "files"),
        FLIPBOOK_WAREHOUSE_WAIT_S="60",
    )
    with ExitStack() as stack:
        place.declare("leaky", stack.enter_context(leaky()), key_env="PLANTED_KEY")
        prefects = stack.enter_context(prefect_on(place, postgres, PASSWORD))
        done = place.run("deploy")
        assert done.returncode == 0, done.stderr
        for number in range(4):
            spool = str(folder / f"machine-{number}" / "spool")
            stack.enter_context(worker_of(place, FLIPBOOK_SPOOL=spool, PLANTED_KEY=KEY))
        yield Lake(place, (prefects, catalogue), asyncio.run(ended(place)))


async def ended(place: Any) -> dict[str, list[FlowRun]]:
    """All runs, asked for at once; as they ended."""
    said = {PREFECT_API_URL: place.environment["PREFECT_API_URL"], PREFECT_API_AUTH_STRING: PASSWORD}
    with temporary_settings(said):
        async with get_client() as client, asyncio.timeout(END_S):
            runs = [await started(client, name, samples=samples) for name, (samples, _) in STUDIES.items()]
            runs += [await started(client, "ad-hoc", samples=AD_HOC_SAMPLES) for _ in range(AD_HOC_RUNS)]
            targets = [{"endpoint": "leaky", "model": model} for model in ("says-it", "refuses-it")]
            runs.append(await started(client, "ad-hoc", name="planted", samples=2, targets=targets))
            while True:
                found = [await client.read_flow_run(run.id) for run in runs]
                if all(run.state and run.state.is_final() for run in found):
                    break
                await asyncio.sleep(0.5)
    names = [run.parameters["study"]["name"] for run in runs]
    return {name: [run for run, of in zip(found, names, strict=True) if of == name] for name in names}


async def started(client: Any, deployed: str, **fields: Any) -> FlowRun:
    """A run of a deployment, at the simulator, with fields of its study changed."""
    deployment = await client.read_deployment_by_name(f"study/{deployed}")
    study = deployment.parameters["study"]
    targets = [target | {"endpoint": "simulator"} for target in study["targets"]]
    parameters = {"study": study | {"targets": targets} | fields, "pages": False}
    run: FlowRun = await client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
    return run


def test_runs_at_once_lose_nothing_and_double_nothing(lake: Lake) -> None:
    """Three studies, and two runs of a fourth at once; pages are made of all."""
    place, runs = lake.place, lake.runs
    assert {run.state_name for name in (*STUDIES, "ad-hoc") for run in runs[name]} == {"Completed"}, runs
    assert [run.state_name for run in runs["planted"]] == ["Incomplete"]
    calls = {name: calls for name, (_, calls) in STUDIES.items()} | {"ad-hoc": AD_HOC_RUNS * AD_HOC_SAMPLES}
    lines = place.folder.glob("machine-*/spool/[!.]*/*.ndjson")
    # Of the last one, two answers and a refusal.
    assert sum(path.read_bytes().count(b"\n") for path in lines) == sum(calls.values()) + 3
    for figure in ("count(*)", "count(distinct sample_id)"):
        assert lake.per_study(f"select study, {figure} from stg.samples group by all") == calls
    assert lake.per_study("select study, sum(samples)::int from mart.spread_by_day group by all") == calls
    assert place.rows("select count(*) as n from raw.runs") == [{"n": sum(map(len, runs.values()))}]
    assert place.run("report").returncode == 0
    index = (place.settings.site / "index.html").read_text()
    for name in runs:
        assert f'href="{name}/index.html"' in index
        assert (place.settings.site / name / "index.html").is_file()


def test_a_planted_key_is_in_neither_database_nor_file(lake: Lake, postgres: Any) -> None:
    """Prefect's database and the catalogue's as pg_dump writes them, every table's rows, every file of every machine."""
    with Warehouse.open(lake.place.settings, read_only=True) as warehouse:
        tables = warehouse.column("select table_schema || '.' || table_name from information_schema.tables")
        rows = [repr(row).encode() for table in tables for row in warehouse.rows(f"from {table}")]
    files = [file.read_bytes() for file in lake.place.folder.rglob("*") if file.is_file()]
    places = {
        "Prefect's database": ([postgres.dump(lake.databases[0])], b"planted"),
        "the catalogue": ([postgres.dump(lake.databases[1])], b"ducklake_snapshot"),
        "the lake": (rows, b"planted"),
        "files": (files, b"planted"),
    }
    for where, (texts, there) in places.items():
        # The search finds what is there.
        assert any(there in text for text in texts), where
        assert not [text for text in texts for needle in NEEDLES if needle in text], where
    assert any(b"Incorrect API key: ***." in row for row in rows)
    assert any(b"Your key is ***." in row for row in rows)
