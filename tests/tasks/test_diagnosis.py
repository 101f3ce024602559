"""What `doctor` finds without a call to a provider."""

import datetime as dt
import json
import lzma
import os
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

from tasks.core.errors import UsageError
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


def test_where_all_studies_go_to_one_endpoint_no_other_key_is_missed(settings: Settings) -> None:
    """It is said where they go; that one's own key is needed then by every run, and a name that is not declared, too."""
    found = findings(settings.model_copy(update={"endpoint": "simulator"}))
    assert found["endpoint of all studies"].found == "every study is sent to simulator, as FLIPBOOK_ENDPOINT says"
    assert found["key of openai"].found == "OPENAI_API_KEY is not set, and no study needs it now"
    assert all(finding.is_ok for what, finding in found.items() if what.startswith(("key of ", "endpoint of ")))
    found = findings(settings.model_copy(update={"endpoint": "openai"}))
    assert {what: finding.is_needed for what, finding in found.items() if not finding.is_ok} == {"key of openai": True}
    assert found["key of openai"].found == "OPENAI_API_KEY is not set"
    found = findings(settings.model_copy(update={"endpoint": "simulater"}))
    undeclared = found["endpoint of all studies"]
    assert undeclared.found == "FLIPBOOK_ENDPOINT says simulater, which endpoints.toml does not declare"
    assert (undeclared.is_ok, undeclared.is_needed) == (False, True)
    assert not found["key of openai"].is_ok


def test_endpoints_that_share_a_key_are_one_finding_named_for_the_one_that_is_asked(
    settings: Settings, tmp_path: Path
) -> None:
    """Otherwise the key that every run needs would be said to be of no use."""
    file = tmp_path / "endpoints.toml"
    file.write_text("".join(f'[{name}]\nbase_url = "http://127.0.0.1:9/v1"\nkey_env = "ITS_KEY"\n' for name in "ab"))
    found = findings(settings.model_copy(update={"endpoints": file, "endpoint": "a"}))
    keys = {what: finding.is_ok for what, finding in found.items() if what.startswith("key of ")}
    assert keys == {"key of a": False}


def test_a_folder_that_cannot_be_made_is_found_before_a_run_needs_it(settings: Settings, tmp_path: Path) -> None:
    """Of a DuckDB file, and of a DuckLake's files; those that go to object storage are not looked for here."""
    (tmp_path / "file").touch()
    below = tmp_path / "file" / "lake"
    found = findings(settings.model_copy(update={"warehouse": str(below / "w.duckdb")}))["warehouse"]
    assert found.found == f"none yet at {below / 'w.duckdb'}, and none can be made: {tmp_path / 'file'} is no folder"
    assert (found.is_ok, found.is_needed) == (False, True)
    lake = settings.model_copy(update={"warehouse": f"ducklake:{tmp_path / 'c.ducklake'}"})
    for update in ({"warehouse_data": str(below)}, {"spool": tmp_path / "file" / "spool"}):
        found = findings(lake.model_copy(update=update))["files of the warehouse"]
        assert f"cannot be kept in {below}: {tmp_path / 'file'} is no folder. Mend that, or say in FLIP" in found.found
        assert (found.is_ok, found.is_needed) == (False, True)
    assert "files of the warehouse" not in findings(lake.model_copy(update={"warehouse_data": "s3://bucket/lake"}))
    assert "files of the warehouse" not in findings(lake)
    assert not (tmp_path / "lake").exists()


def test_a_lake_whose_files_this_user_may_not_write_is_found(settings: Settings, tmp_path: Path) -> None:
    """Also where only its catalogue says where they are; and a run that tries says the same."""
    data = tmp_path / "data"
    where = f"ducklake:{tmp_path / 'c.ducklake'}"
    lake = settings.model_copy(update={"warehouse": where, "warehouse_data": str(data)})
    with Warehouse.open(lake):
        pass
    assert "files of the warehouse" not in findings(lake)
    data.chmod(0o555)
    if os.access(data, os.W_OK):
        pytest.skip("root may write anywhere")
    for one in (lake, lake.model_copy(update={"warehouse_data": None})):
        found = findings(one)
        assert found["warehouse"].is_ok
        assert f"{data}: this user may not write to {data}. Mend" in found["files of the warehouse"].found
        with pytest.raises(UsageError, match=f"this user may not write to {data}"), Warehouse.open(one) as warehouse:
            warehouse.execute("create table many as select range as n from range(100000)")


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
            others = findings(settings)
            child.terminate()
    # It knows of no work pool, and answers nothing else; without them, runs on the command line go on.
    assert others["work pool"].found == "there is no flipbook: `flipbook deploy` makes it"
    assert others["late runs"].found == "the server does not say (HTTP 501)"
    assert all(finding.is_ok for finding in others.values() if finding.is_needed)
    assert (found.found, found.is_ok) == (f"{url}, Prefect {version('prefect')}", True)
