"""`make audit`: what is locked is looked up in a list of known vulnerabilities, by the real pip-audit."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[1]
BAD_PACKAGE = "jinja2"
NOBODY = "http://127.0.0.1:9"


def audit(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The audit, without a way to the network."""
    environment = {**os.environ, "BIN": str(Path(sys.executable).parent), "HTTPS_PROXY": NOBODY, "https_proxy": NOBODY}
    command = [str(PROJECT / ".ci" / "audit"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def asked() -> Iterator[dict[str, Any]]:
    """A list of vulnerabilities on loopback, in OSV's format: its `url`, the packages `named`, and those that are `bad`."""
    state: dict[str, Any] = {"named": set(), "bad": set()}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            package = json.loads(self.rfile.read(int(self.headers["content-length"])))["package"]
            state["named"].add(package["name"])
            event = {"introduced": "0"}
            affected = {"package": package, "ranges": [{"type": "ECOSYSTEM", "events": [event]}]}
            known = {"id": "OSV-1", "summary": "It is bad.", "details": "Very.", "affected": [affected]}
            body = json.dumps({"vulns": [known]} if package["name"] in state["bad"] else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Not on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        state["url"] = f"http://127.0.0.1:{server.server_port}/v1/query"
        yield state
        server.shutdown()
        thread.join()


def test_a_known_vulnerability_is_told_and_fails(asked: dict[str, Any]) -> None:
    """By the package's name; where none is known, a sentence says so."""
    service = ("--vulnerability-service", "osv", "--osv-url", asked["url"])
    clean = audit(*service)
    assert (clean.returncode, clean.stdout) == (0, "No vulnerability is known in what requirements.lock names.\n")
    assert {"prefect", "openai", "duckdb", BAD_PACKAGE} <= asked["named"]
    asked["bad"].add(BAD_PACKAGE)
    found = audit(*service)
    assert found.returncode == 1
    assert "OSV-1" in found.stdout
    assert BAD_PACKAGE in found.stdout


def test_without_a_network_one_sentence_says_so() -> None:
    """And nothing looks as if all were well."""
    ended = audit()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(
        "Nothing was checked: the list of known vulnerabilities could not be asked from here ("
    )
    assert ended.stderr.count("\n") == 1
