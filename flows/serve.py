"""Everything on one machine: server, work pool, deployments, worker, simulator and the reports over HTTP. Loopback only."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from types import FrameType
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from flows.reporting import Listener
from tasks import catalogue
from tasks.core.errors import FlipbookError
from tasks.settings import PROJECT, Settings

HOST = "127.0.0.1"
POOL = "flipbook"
START_S = 90.0
STOP_S = 20.0


def serve_all(settings: Settings, port: int, site_port: int, *, tell: Listener) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises FlipbookError where a part does not start, or ends by itself."""
    deployments = catalogue.deployments(
        settings
    )  # A mistake in it would abort `prefect deploy` with a page of traceback.
    settings.site.mkdir(parents=True, exist_ok=True)
    environment = _environment(settings, port, site_port, tell)
    signal.signal(signal.SIGTERM, _stop_as_for_ctrl_c)
    with ExitStack() as stack:
        server = _started(stack, environment, "prefect", "server", "start", "--host", HOST, "--port", str(port))
        _wait_for(f"http://{HOST}:{port}/api/health", server)
        _done(environment, "prefect", "work-pool", "create", POOL, "--type", "process", "--overwrite")
        _done(environment, "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(settings.catalogue))
        parts = [
            server,
            _started(stack, environment, "prefect", "worker", "start", "--pool", POOL, "--type", "process"),
            _started(
                stack, environment, "http.server", "--bind", HOST, "--directory", str(settings.site), str(site_port)
            ),
        ]
        tell(f"Deployed: {', '.join(deployments)}.")
        tell(f"Start a run, or change a schedule: http://{HOST}:{port}/deployments")
        tell(f"Read the reports:                  http://{HOST}:{site_port}/")
        tell("Ctrl-C ends all of it; what is scheduled waits for the next start.")
        _watch(parts)


def _environment(settings: Settings, port: int, site_port: int, tell: Listener) -> dict[str, str]:
    environment = {
        **os.environ,
        "PREFECT_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_HOME": os.environ.get("PREFECT_HOME", str(PROJECT / "data" / "prefect")),
        "FLIPBOOK_SITE_URL": settings.site_url or f"http://{HOST}:{site_port}",
    }
    lacking = _lacking_keys(settings, environment)
    if lacking and settings.endpoint is None:
        tell(f"{' and '.join(lacking)} not set: every study is sent to the simulator, and its pages say so.")
        environment["FLIPBOOK_ENDPOINT"] = "simulator"
    return environment


def _lacking_keys(settings: Settings, environment: Mapping[str, str]) -> list[str]:
    """The keys that the catalogue's studies need and the environment lacks."""
    endpoints = catalogue.endpoints(settings)
    used = {target.endpoint for study in catalogue.deployments(settings).values() for target in study.targets}
    keys = {endpoints[name].key_env for name in used if name in endpoints}
    return sorted(key for key in keys if key and not environment.get(key))


def _command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _started(stack: ExitStack, environment: Mapping[str, str], *command: str) -> subprocess.Popen[bytes]:
    # In a session of its own: Ctrl-C reaches this process alone, which then ends the others in turn.
    process = subprocess.Popen(_command(*command), cwd=PROJECT, env=environment, start_new_session=True)
    stack.callback(_stop, process)
    return process


def _done(environment: Mapping[str, str], *command: str) -> None:
    done = subprocess.run(_command(*command), cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise FlipbookError(f"`{' '.join(command)}` failed: {said[-1] if said else 'without a word'}")


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise FlipbookError(f"Prefect's server ended before it answered at {url}: is its port taken?")
        try:
            with opener.open(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise FlipbookError(f"Prefect's server did not answer at {url} within {START_S:g} s.")


def _watch(processes: list[subprocess.Popen[bytes]]) -> None:
    try:
        while True:
            for process in processes:
                if process.poll() is not None:
                    raise FlipbookError(f"`{' '.join(map(str, process.args[2:]))}` ended by itself.")  # type: ignore[index]
            time.sleep(0.5)
    except KeyboardInterrupt:
        return


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _stop_as_for_ctrl_c(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
