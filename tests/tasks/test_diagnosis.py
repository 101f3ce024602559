"""What `doctor` finds without a call to a provider."""

import datetime as dt
import json
import lzma
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from tasks.core.findings import Finding
from tasks.diagnosis import diagnose
from tasks.holders import LOCKS
from tasks.land import import_file
from tasks.retention import archive
from tasks.settings import PROJECT, Settings
from tasks.spool import Spool
from tasks.warehouse import Warehouse

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The project's catalogue and endpoints, and nothing sampled yet."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return Settings(warehouse=str(tmp_path / "w.duckdb"), spool=tmp_path / "spool")


def findings(settings: Settings, **environment: str) -> dict[str, Finding]:
    """The findings by what was looked at."""
    return {finding.what: finding for finding in diagnose(settings, environment)}


def test_a_fresh_machine_is_ready(settings: Settings) -> None:
    """Nothing is made by looking; a key that is not set is said, and needed only by who asks there."""
    found = findings(settings, OPENAI_API_KEY="sk-secret")
    assert all(finding.is_ok for finding in found.values() if finding.is_needed)
    assert (found["key of openai"].found, found["key of openai"].is_ok) == ("OPENAI_API_KEY is set", True)
    assert not found["key of openrouter"].is_ok
    assert not settings.warehouse_file.exists()
    assert "sk-secret" not in repr(found)
    assert found["versions"].as_dict().keys() == {"what", "found", "is_ok", "is_needed"}


def test_what_is_wrong_is_found_all_at_once(settings: Settings, tmp_path: Path) -> None:
    """One mistake does not hide the next."""
    settings.warehouse_file.write_text("no database")
    broken = settings.model_copy(update={"catalogue": tmp_path / "none.yaml", "endpoints": tmp_path / "none.toml"})
    found = findings(broken)
    assert [what for what, finding in found.items() if not finding.is_ok] == ["catalogue", "endpoints", "warehouse"]


def test_the_warehouse_is_described(settings: Settings) -> None:
    """What it holds, and its format; an older one, as the next run will make it."""
    with Warehouse.open(settings) as warehouse:
        newest = warehouse.rows("select max(version) as format from raw.migrations")[0]["format"]
    assert findings(settings)["warehouse"].found == (f"{settings.warehouse_file}: 0 samples of 0 days, format {newest}")
    packed = PROJECT / "tests" / "data" / "warehouses" / "format-1.duckdb.xz"
    settings.warehouse_file.write_bytes(lzma.decompress(packed.read_bytes()))
    said = findings(settings)["warehouse"].found
    assert said.endswith(f"116 samples of 5 days, format 1; the next run makes it format {newest}")


@pytest.mark.skipif(not LOCKS.exists(), reason="only Linux lists who holds a lock")
def test_who_has_the_warehouse_open_is_named(settings: Settings) -> None:
    """A reader too, since it keeps the next run from landing. Neither stops the look at the rest."""
    with Warehouse.open(settings):
        pass
    assert "warehouse is open in" not in findings(settings)
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'reader'); "
        "print('open', flush=True); sys.stdin.read()"
    )
    for kind in ("reader", "writer"):
        command = [sys.executable, "-c", code, str(settings.warehouse_file), kind]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"open\n"
            found = findings(settings)
            child.communicate()
        assert found["warehouse is open in"].found.startswith(f"process {child.pid} ({sys.executable} -c import duckdb")
        assert not found["warehouse is open in"].is_ok
        assert ("holds the warehouse" in found["warehouse"].found) == (kind == "writer")
        assert all(finding.is_ok for finding in found.values() if finding.is_needed)


@pytest.mark.skipif(not LOCKS.exists(), reason="only Linux lists who holds a lock")
def test_runs_in_the_spool_are_told_apart(
    settings: Settings, new_study: Callable[..., Any], new_spool: Callable[..., Spool]
) -> None:
    """Those that wait to land, those that sample now, and those that nobody goes on with."""
    new_spool(new_study())
    new_spool(new_study(samples=3)).close()
    with new_spool(new_study(samples=4)) as ended:
        ended.finish(ended.header.run("complete", None, attempted=0, ended_at=NOON, source="x"))
    assert findings(settings)["spool"].found == (
        f"{settings.spool}: 1 finished runs wait to land, 1 runs sample now, "
        "1 were left unfinished, and go on with the next run of their study and day"
    )


def test_a_sample_of_the_future_puts_the_clock_in_doubt(
    settings: Settings, line: Callable[..., Any], tmp_path: Path
) -> None:
    """One of the machines that wrote here has the time wrong."""
    recording = tmp_path / "r.ndjson"
    for day, is_ok in (("2026-03-01", True), ("2199-03-01", False)):
        recording.write_text(json.dumps(line(day=day)) + "\n")
        with Warehouse.open(settings) as warehouse:
            import_file(warehouse, recording, NOON)
        clock = findings(settings)["clock"]
        assert (clock.is_ok, clock.is_needed) == (is_ok, is_ok)
    assert "the newest sample is of 2199-03-01 06:0" in clock.found


def test_files_of_the_archive_that_are_gone_are_named(
    settings: Settings, line: Callable[..., Any], tmp_path: Path
) -> None:
    """Before somebody needs them."""
    recording = tmp_path / "r.ndjson"
    recording.write_text(json.dumps(line()) + "\n")
    with Warehouse.open(settings) as warehouse:
        import_file(warehouse, recording, NOON)
    archive(settings, dt.date(2026, 4, 1), tmp_path / "archive", NOON, lambda _: None)
    assert findings(settings)["archive"].is_ok
    (file,) = (tmp_path / "archive").iterdir()
    file.unlink()
    assert findings(settings)["archive"].found == (
        f"1 of 1 files of archived answers are not where they were written: {file}"
    )


def test_the_server_is_asked_for_its_version(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The one that is set; one that is not there is needed, since every run would fail."""
    assert findings(settings)["server"].found.startswith("PREFECT_API_URL is not set")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    monkeypatch.setenv("PREFECT_API_URL", url)
    with temporary_settings({PREFECT_API_URL: url, PREFECT_CLIENT_MAX_RETRIES: 0}):
        found = findings(settings)["server"]
        assert (found.is_ok, found.is_needed) == (False, True)
        assert found.found.startswith(f"{url} cannot be used: ")
        (tmp_path / "api" / "admin").mkdir(parents=True)
        (tmp_path / "api" / "admin" / "version").write_text(json.dumps(version("prefect")))
        serving = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)]
        with subprocess.Popen(serving, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            deadline = time.monotonic() + 20
            while not (found := findings(settings)["server"]).is_ok and time.monotonic() < deadline:
                time.sleep(0.05)
            child.terminate()
    assert (found.found, found.is_ok) == (f"{url}, Prefect {version('prefect')}", True)
