"""A planted key is searched for everywhere, and no run form sends it to another host than it was declared for."""

import base64
import html
import json
import secrets
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import duckdb
import pytest
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import PrefectHTTPStatusError
from pydantic import ValidationError

from flows.study import planned
from tasks import catalogue
from tasks.core.errors import UsageError
from tasks.core.study import Study
from tasks.settings import PROJECT

# What no spelling of the key changes: JSON's, an address's or a page's.
CORE = secrets.token_hex(12)
KEY = f'sk-"{CORE}/+=&{CORE}"'
NEEDLES = [CORE.encode(), base64.b64encode(KEY.encode()), base64.b64encode(f"api:{KEY}".encode())]
ENDED_S = 120

Reply = tuple[int, dict[str, str], str]


class Heard(NamedTuple):
    """One request as a server got it."""

    path: str
    headers: dict[str, str]
    body: Any


class Server:
    """A real server on loopback that notes what it hears."""

    def __init__(self, answer: Callable[[Heard], Reply]) -> None:
        self.heard: list[Heard] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                heard = Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, json.loads(raw))
                server.heard.append(heard)
                status, headers, body = answer(heard)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body.encode()))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            do_GET = do_POST  # noqa: N815 - http.server names it so

            def log_message(self, *_: object) -> None:
                """Not on the terminal."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Starts servers; all end with the test."""
    started: list[Server] = []

    def one(answer: Callable[[Heard], Reply] = lambda _: (200, {}, "{}")) -> Server:
        started.append(Server(answer))
        return started[-1]

    yield one
    for server in started:
        server.stop()


def leaky(elsewhere: str) -> Callable[[Heard], Reply]:
    """Says the key back in every way a server could, by the model's name."""

    def answer(heard: Heard) -> Reply:
        said = heard.headers["authorization"].removeprefix("Bearer ")
        echo = {"x-echo": f"you are {said}", "x-request-id": "req_1"}
        match heard.body["model"]:
            case "says-it":
                message = {"role": "assistant", "content": f"Your key is {said}.", "refusal": None}
                choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
                return 200, echo, json.dumps({"id": f"c-{id(heard)}", "model": said, "choices": [choice]})
            case "refuses-it":
                return 401, echo, json.dumps({"error": {"message": f"Incorrect API key provided: {said}."}})
            case "shows-it":
                return 400, echo, f"<html><p>Bad request by {html.escape(said)}</p></html>"
            case "sends-it-on":
                return 307, {"Location": f"{elsewhere}/?key={quote(said)}"}, f"See {elsewhere}/?key={quote(said, '')}"
        return 400, echo, json.dumps({"error": f"no embeddings for {said}"}).replace("/", "\\/")

    return answer


def test_a_planted_key_is_nowhere_afterwards(
    place: Any, serving: Any, until: Any, start: Any, coin_flip: Callable[..., Study]
) -> None:
    """A worker holds it, four models say it back: it is in no parameter, log, file, table, page, event or terminal."""
    eavesdropper = start()
    endpoint = start(leaky(eavesdropper.root))
    place.declare("leaky", f"{endpoint.root}/v1", key_env="PLANTED_KEY")
    models = ["says-it", "refuses-it", "shows-it", "sends-it-on"]
    study = coin_flip(
        name="planted",
        targets=[{"endpoint": "leaky", "model": model} for model in models],
        embedding_model="embeds",
        samples=2,
    )
    terminal = run_at_a_worker(place, serving, study)
    assert {heard.headers["authorization"] for heard in endpoint.heard} == {f"Bearer {KEY}"}
    assert {heard.body["model"] for heard in endpoint.heard} == {*models, "embeds"}
    assert eavesdropper.heard == []
    database = serving.place.folder / "prefect" / "prefect.db"
    until(
        lambda: any(b"prefect.flow-run.Incomplete" in row and b"planted" in row for row in rows_of_sqlite(database)), 30
    )
    places = {
        "terminal": [terminal],
        "spool, pages and all other files": [file.read_bytes() for file in place.folder.rglob("*") if file.is_file()],
        "warehouse": list(rows_of_duckdb(place.settings.warehouse_file)),
        "marts": list(rows_of_duckdb(place.folder / "marts.duckdb")),
        "Prefect's database": list(rows_of_sqlite(database)),
    }
    for where, texts in places.items():
        # The search finds what is there.
        assert any(b"planted" in text for text in texts), where
        assert not [text for text in texts for needle in NEEDLES if needle in text], where
    said = [row for row in places["warehouse"] if b"***" in row]
    assert all(any(word in row for row in said) for word in (b"Your key is ***.", b"provided: ***.", b"by ***</p>"))


def run_at_a_worker(place: Any, serving: Any, study: Study) -> bytes:
    """The study, run once by a worker that has the key; what its terminal showed."""
    with serving.client() as client:
        pool = WorkPoolCreate(
            name="keyed",
            type="process",
            base_job_template=json.loads((PROJECT / "flows" / "work_pool.json").read_text()),
        )
        client.create_work_pool(pool)
        deployed = client.read_deployment_by_name("study/ad-hoc")
        keyed = client.create_deployment(
            flow_id=deployed.flow_id,
            name="keyed",
            work_pool_name="keyed",
            entrypoint=deployed.entrypoint,
            pull_steps=deployed.pull_steps,
            parameter_openapi_schema=deployed.parameter_openapi_schema,
        )
        parameters = {"study": study.model_dump(mode="json")}
        run = client.create_flow_run_from_deployment(keyed, parameters=parameters)
        said = {"PLANTED_KEY": KEY, "PREFECT_API_URL": serving.api_url, "PREFECT_LOGGING_LEVEL": "DEBUG"}
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "keyed", "--run-once"]
        worker = subprocess.run(
            command, cwd=PROJECT, env={**place.environment, **said}, capture_output=True, timeout=ENDED_S, check=False
        )
        state = client.read_flow_run(run.id).state
        assert state is not None
        # One target was refused.
        assert state.name == "Incomplete", worker.stderr.decode()
        client.delete_deployment(keyed)
        client.delete_work_pool("keyed")
    return worker.stdout + worker.stderr


def rows_of_sqlite(file: Path) -> Iterator[bytes]:
    """Every row of every table, as text."""
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            yield from (repr(row).encode() for row in database.execute(f'select * from "{table}"'))
    finally:
        database.close()


def rows_of_duckdb(file: Path) -> Iterator[bytes]:
    """Every row of every table and view, as text."""
    with duckdb.connect(str(file), read_only=True) as database:
        tables = database.execute("select table_schema, table_name from information_schema.tables").fetchall()
        for schema, table in tables:
            rows = database.execute(f'select * from "{schema}"."{table}"').fetchall()
            yield from (repr(row).encode() for row in rows)


@pytest.mark.parametrize(
    "endpoint", ["openai.example", "../openai", "http://127.0.0.1:9", "openai@127.0.0.1", "openai\n", ""]
)
def test_a_form_can_only_name_a_declared_endpoint(place: Any, coin_flip: Callable[..., Study], endpoint: str) -> None:
    """Any other name is refused before the first call."""
    place.declare("openai", "http://127.0.0.1:9/v1")
    with pytest.raises((UsageError, ValidationError)):
        planned(place.settings, coin_flip(endpoint), None)


@pytest.mark.parametrize(
    "fields",
    [{"key_env": KEY}, {"base_url": f"http://me:{CORE}@127.0.0.1/v1"}, {"base_url": f"http://127.0.0.1/v1?key={CORE}"}],
    ids=["as the variable's name", "as a password", "in the address"],
)
def test_a_key_in_the_wrong_place_is_refused_and_not_repeated(place: Any, fields: dict[str, str]) -> None:
    """An operator's slip in endpoints.toml: one sentence that names the endpoint, without what stands there."""
    place.declare("mine", **{"base_url": "http://127.0.0.1/v1", **fields})
    with pytest.raises(UsageError, match="endpoint 'mine'") as refused:
        catalogue.endpoints(place.settings)
    assert CORE not in str(refused.value)


@pytest.mark.parametrize("field", ["base_url", "key_env", "api_version"])
def test_a_form_cannot_say_where_an_endpoint_is(serving: Any, coin_flip: Callable[..., Study], field: str) -> None:
    """The server refuses a target with a field that is the operator's."""
    target = {"endpoint": "simulator", "model": "gpt-4o", field: "http://127.0.0.1:9/v1"}
    parameters = {"study": {**coin_flip().model_dump(mode="json"), "targets": [target]}}
    with serving.client() as client:
        deployment = client.read_deployment_by_name("study/ad-hoc")
        with pytest.raises(PrefectHTTPStatusError, match=field):
            client.create_flow_run_from_deployment(deployment.id, parameters=parameters)


@pytest.mark.parametrize(
    "said", [{"env": {"FLIPBOOK_ENDPOINTS": "mine.toml"}}, {"command": "env"}, {"working_dir": "/"}], ids=str
)
def test_a_form_cannot_change_the_process_that_has_the_keys(serving: Any, said: dict[str, Any]) -> None:
    """Neither its environment, nor its command, nor its directory."""
    with serving.client() as client:
        deployment = client.read_deployment_by_name("study/ad-hoc")
        with pytest.raises(PrefectHTTPStatusError, match=next(iter(said))):
            client.create_flow_run_from_deployment(deployment.id, job_variables=said)
