"""Everything on one machine: server, work pool, deployments, worker, and the reports over HTTP. Loopback only."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import leashed
from flows.deploying import IN_FILES, deploy
from flows.left_behind import crash_left_behind
from flows.reporting import Listener
from flows.server import HOME, HOST, wait_for_server
from tasks import catalogue
from tasks.catalogue import POOL
from tasks.core.errors import FlipbookError
from tasks.settings import PROJECT, Settings

PAUSE_S = 0.5


def serve_all(settings: Settings, port: int, site_port: int, *, tell: Listener) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises FlipbookError where a part does not start, or ends by itself."""
    # Before anything starts: a mistake in them is found now.
    catalogue.deployments(settings)
    catalogue.endpoints(settings)
    settings.site.mkdir(parents=True, exist_ok=True)
    environment = environment_of_parts(settings, port, site_port, tell)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        server = _started(stack, environment, "prefect", "server", "start", "--host", HOST, "--port", str(port))
        wait_for_server(port, server)
        crash_left_behind(environment["PREFECT_API_URL"])
        # After the worker has stopped, and before the server does.
        stack.callback(_leave_nothing_running, server, environment["PREFECT_API_URL"])
        with temporary_settings({PREFECT_API_URL: environment["PREFECT_API_URL"]}):
            deploy(settings, tell=tell)
        pages = ("http.server", "--bind", HOST, "--directory", str(settings.site), str(site_port))
        worker = ("prefect", "worker", "start", "--pool", POOL, "--type", "process")
        parts = [server, _started(stack, environment, *pages), _started(stack, _of_worker(environment), *worker)]
        tell(f"Start a run, or change a schedule: http://{HOST}:{port}/deployments")
        tell(f"Read the reports:                  http://{HOST}:{site_port}/")
        tell("Ctrl-C ends all of it; what is scheduled waits for the next start.")
        _watch(parts)


def environment_of_parts(settings: Settings, port: int, site_port: int, tell: Listener) -> dict[str, str]:
    """What server, worker and deployments are started with. Without any key, studies go to the simulator: it tells."""
    environment = {
        **os.environ,
        "PREFECT_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_HOME": os.environ.get("PREFECT_HOME", str(HOME)),
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": IN_FILES,
        "FLIPBOOK_SITE_URL": settings.site_url or f"http://{HOST}:{site_port}",
    }
    needed = _studies_by_key(settings)
    lacking = sorted(key for key in needed if not environment.get(key))
    if lacking and settings.endpoint is None:
        not_set = f"{' and '.join(lacking)} not set"
        if len(lacking) == len(needed):
            tell(f"{not_set}: every study is sent to the simulator, and its pages say so.")
            environment["FLIPBOOK_ENDPOINT"] = "simulator"
        else:
            refused = sorted({study for key in lacking for study in needed[key]})
            tell(f"{not_set}: runs of {', '.join(refused)} will be refused. The other studies ask their providers.")
    return environment


def _of_worker(environment: Mapping[str, str]) -> dict[str, str]:
    """With a folder of its own for what is temporary: workers of two users do not get on in one."""
    folder = PROJECT / Path(environment["PREFECT_HOME"]).expanduser() / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return {"TMPDIR": str(folder), **environment}


def _studies_by_key(settings: Settings) -> dict[str, set[str]]:
    """The keys that the catalogue needs, and the studies that need each."""
    endpoints = catalogue.endpoints(settings)
    needed: dict[str, set[str]] = {}
    for name, study in catalogue.deployments(settings).items():
        for target in study.targets:
            key = endpoints[target.endpoint].key_env if target.endpoint in endpoints else None
            if key:
                needed.setdefault(key, set()).add(name)
    return needed


def _started(stack: ExitStack, environment: Mapping[str, str], *command: str) -> subprocess.Popen[bytes]:
    process = leashed.start(environment, *command, cwd=PROJECT)
    stack.callback(leashed.stop, process)
    return process


def _leave_nothing_running(server: subprocess.Popen[bytes], api_url: str) -> None:
    if server.poll() is None:
        crash_left_behind(api_url)


def _watch(processes: list[subprocess.Popen[bytes]]) -> None:
    while True:
        for process in processes:
            if process.poll() is not None:
                raise FlipbookError(f"`{' '.join(map(str, process.args[3:]))}` ended by itself.")  # type: ignore[index]
        time.sleep(PAUSE_S)
