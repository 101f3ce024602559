"""Backup and restore: a copy that is whole, taken while runs go on, and brought back."""

import datetime as dt
import lzma
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.aggregate import aggregate
from tasks.backup import MANIFEST, WAREHOUSE, back_up, read_manifest
from tasks.core.errors import FlipbookError, UsageError, WarehouseHeldError
from tasks.land import import_file, land_run
from tasks.restoring import restore
from tasks.settings import PROJECT, Settings
from tasks.spool import Folder, Spool, finished_not_landed, prune
from tasks.warehouse import Warehouse

RECORDING = PROJECT / "tests" / "data" / "gpt-4o-x-2026-08.ndjson"
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse with a recording in it, counted."""
    (tmp_path / "endpoints.toml").write_text("[openai]\nbase_url = 'https://example.org/v1'\n")
    settings = Settings(
        warehouse=str(tmp_path / "data" / "w.duckdb"),
        spool=tmp_path / "spool",
        endpoints=tmp_path / "endpoints.toml",
        warehouse_wait_s=0.2,
    )
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, import_file(warehouse, RECORDING, NOON).days, [])
    return settings


def contents(file: Path) -> dict[str, Any]:
    """Every row of every table, as plain DuckDB reads it."""
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = [
            f"{s}.{t}" for s, t in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        ]
        return {table: sorted(connection.execute(f"from {table}").fetchall(), key=repr) for table in tables}


def sampled(new_study: Callable[..., Any], new_spool: Callable[..., Spool], answers: int, *, ended: bool) -> Folder:
    """A run in the spool, with so many failed calls, which need no answer's text."""
    spool = new_spool(new_study(samples=5))
    target = spool.header.study.targets[0]
    line = (
        '{{"study":"coin-flip","endpoint":"sim","arm":"default","prompt":"flip","day":"2026-11-20","repeat":{0},'
        '"requested_at":"2026-11-20T12:00:0{0}.000000Z","follow":null,"latency_s":1.0,"attempts":1,"status":500,'
        '"request":{{"model":"gpt-4o"}},"response":null,"headers":null,"error":"busy","run_id":"{1}"}}\n'
    )
    file = spool.path / spool.header.file_name(target)
    file.write_text("".join(line.format(repeat, spool.header.run_id) for repeat in range(answers)))
    if ended:
        spool.finish(spool.header.run("complete", None, attempted=answers, ended_at=NOON, source=spool.path.name))
    spool.close()
    return Folder(spool.path)


def test_a_backup_brings_everything_back(
    settings: Settings, tmp_path: Path, new_study: Callable[..., Any], new_spool: Callable[..., Spool]
) -> None:
    """Every row of every table, the runs that had not landed, and the declarations, on a machine that has none."""
    ended = sampled(new_study, new_spool, 3, ended=True)
    unfinished = sampled(new_study, new_spool, 2, ended=False)
    said = back_up(settings, tmp_path / "backup", NOON)
    assert "runs that have not landed: 2. The copy was opened again, and is the same." in said
    before = contents(settings.warehouse_file)
    lines = {folder.path.name: folder.sample_files[0].read_bytes() for folder in (ended, unfinished)}
    endpoints = settings.endpoints.read_bytes()
    for path in (settings.warehouse_file.parent, settings.spool):
        shutil.rmtree(path)
    settings.endpoints.unlink()
    restore(settings, tmp_path / "backup", NOON)
    assert contents(settings.warehouse_file) == before
    assert settings.endpoints.read_bytes() == endpoints
    back = {path.name: Folder(path).sample_files[0].read_bytes() for path in settings.spool.iterdir()}
    assert back == lines
    assert [folder.path.name for folder in finished_not_landed(settings.spool)] == [ended.path.name]
    with Warehouse.open(settings) as warehouse:
        used = "select distinct compression from pragma_storage_info('raw.bodies') where column_name = 'body'"
        assert {"compression": "ZSTD"} in warehouse.rows(used)


def test_what_landed_after_the_backup_lands_again(
    settings: Settings, tmp_path: Path, new_study: Callable[..., Any], new_spool: Callable[..., Spool]
) -> None:
    """The spool keeps a second copy for some days: nothing of it is lost with the warehouse."""
    back_up(settings, tmp_path / "backup", NOON)
    folder = sampled(new_study, new_spool, 3, ended=True)
    with Warehouse.open(settings) as warehouse:
        land_run(warehouse, folder.run, folder.sample_files, NOON)
        after = warehouse.rows("select count(*) as n from raw.calls")
    folder.mark_landed()
    restore(settings, tmp_path / "backup", NOON, force=True)
    (waiting,) = finished_not_landed(settings.spool)
    assert prune(settings.spool, 0, NOON.date() + dt.timedelta(days=9999)) == []
    with Warehouse.open(settings) as warehouse:
        assert warehouse.rows("select count(*) as n from raw.calls") != after
        land_run(warehouse, waiting.run, waiting.sample_files, NOON)
        assert warehouse.rows("select count(*) as n from raw.calls") == after
    waiting.mark_landed()
    assert finished_not_landed(settings.spool) == []


def test_nobody_takes_up_a_run_that_lands_again(
    settings: Settings, tmp_path: Path, new_study: Callable[..., Any], new_spool: Callable[..., Spool]
) -> None:
    """It would end with the answers of before, and ask for none. Also where it is restored twice, or restore is killed."""
    back_up(settings, tmp_path / "backup", NOON)
    folder = sampled(new_study, new_spool, 5, ended=True)
    header = folder.header
    folder.mark_landed()
    for moment in (NOON, NOON + dt.timedelta(seconds=1)):
        restore(settings, tmp_path / "backup", moment, force=True)
        assert [waiting.path for waiting in finished_not_landed(settings.spool)] == [folder.path]
        assert Spool.resumable(settings.spool, header.study, header.day) is None


def test_nothing_is_overwritten_unasked(settings: Settings, tmp_path: Path) -> None:
    """Neither a backup nor a warehouse; by --force only another backup, and the warehouse is kept beside."""
    back_up(settings, tmp_path / "backup", NOON)
    with pytest.raises(UsageError, match=r"backup is there already: name a new folder, or say --force"):
        back_up(settings, tmp_path / "backup", NOON)
    with pytest.raises(UsageError, match=r"There is a warehouse at .*w\.duckdb: say --force"):
        restore(settings, tmp_path / "backup", NOON)
    with Warehouse.open(settings) as warehouse:
        warehouse.execute("delete from raw.calls where repeat > 3")
    before = contents(settings.warehouse_file)
    back_up(settings, tmp_path / "second", NOON)
    restore(settings, tmp_path / "backup", NOON, force=True)
    (kept,) = settings.warehouse_file.parent.glob("w.duckdb.before-*")
    assert contents(kept) == before
    assert len(contents(settings.warehouse_file)["raw.calls"]) > len(before["raw.calls"])
    back_up(settings, tmp_path / "second", NOON, force=True)
    assert read_manifest(tmp_path / "second").counts["raw.calls"] > len(before["raw.calls"])
    (tmp_path / "photos").mkdir()
    with pytest.raises(UsageError, match=r"photos is no backup of Flipbook"):
        back_up(settings, tmp_path / "photos", NOON, force=True)
    assert not list(tmp_path.glob(".*"))


def test_a_warehouse_in_use_is_waited_for_and_named(settings: Settings, tmp_path: Path) -> None:
    """A copy of half a landing would be none; and nothing is put in the place of a file that a run writes to."""
    back_up(settings, tmp_path / "backup", NOON)
    with Warehouse.open(settings):
        with pytest.raises(WarehouseHeldError, match=rf"Process {os.getpid()} holds the warehouse"):
            back_up(settings, tmp_path / "other", NOON)
        with pytest.raises(WarehouseHeldError):
            restore(settings, tmp_path / "backup", NOON, force=True)
    assert not (tmp_path / "other").exists()


def test_a_damaged_backup_is_refused(settings: Settings, tmp_path: Path) -> None:
    """Before anything is put in the place of anything; a warehouse that is broken can be replaced."""
    back_up(settings, tmp_path / "backup", NOON)
    before = contents(settings.warehouse_file)
    copy = tmp_path / "backup" / WAREHOUSE
    whole = copy.read_bytes()
    copy.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    with pytest.raises(FlipbookError, match=r"damaged.*Nothing was restored"):
        restore(settings, tmp_path / "backup", NOON, force=True)
    assert contents(settings.warehouse_file) == before
    copy.write_bytes(whole)
    settings.warehouse_file.write_bytes(b"no database")
    restore(settings, tmp_path / "backup", NOON, force=True)
    assert contents(settings.warehouse_file) == before
    (tmp_path / "backup" / MANIFEST).unlink()
    with pytest.raises(UsageError, match="is no backup of Flipbook"):
        restore(settings, tmp_path / "backup", NOON, force=True)


def test_there_has_to_be_a_warehouse_that_is_a_file(settings: Settings, tmp_path: Path) -> None:
    """Of a lake, the sentence says where to read on."""
    with pytest.raises(UsageError, match="There is no warehouse at"):
        back_up(settings.model_copy(update={"warehouse": str(tmp_path / "none.duckdb")}), tmp_path / "backup", NOON)
    lake = settings.model_copy(update={"warehouse": "ducklake:postgres:dbname=flipbook"})
    for refused in (lambda: back_up(lake, tmp_path / "b", NOON), lambda: restore(lake, tmp_path / "b", NOON)):
        with pytest.raises(UsageError, match=r"is a DuckLake: .*pg_dump"):
            refused()
    assert not (tmp_path / "backup").exists()


def test_an_older_format_is_backed_up_as_it_is(settings: Settings, tmp_path: Path) -> None:
    """Before an upgrade: the backup migrates nothing."""
    packed = PROJECT / "tests" / "data" / "warehouses" / "format-1.duckdb.xz"
    settings.warehouse_file.write_bytes(lzma.decompress(packed.read_bytes()))
    back_up(settings, tmp_path / "backup", NOON)
    assert read_manifest(tmp_path / "backup").format == 1
    assert contents(tmp_path / "backup" / WAREHOUSE) == contents(settings.warehouse_file)


def test_a_backup_that_is_killed_is_none_and_the_next_one_is_whole(settings: Settings, tmp_path: Path) -> None:
    """At any moment: either nothing stands under its name, or all of it."""
    to = tmp_path / "backup"
    unfinished = tmp_path / ".backup.unfinished"
    command = [sys.executable, "-c", "from flows.cli import main; main()", "backup", str(to)]
    environment = {
        **os.environ,
        "FLIPBOOK_WAREHOUSE": str(settings.warehouse_file),
        "FLIPBOOK_SPOOL": str(settings.spool),
    }
    for moment in (unfinished, unfinished / WAREHOUSE):
        with subprocess.Popen([*command, "--force"], cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL) as child:
            while not moment.exists() and child.poll() is None:
                time.sleep(0.001)
            child.send_signal(signal.SIGKILL)
        assert child.returncode == -signal.SIGKILL
        assert not to.exists()
    assert subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True).returncode == 0
    assert contents(to / WAREHOUSE) == contents(settings.warehouse_file)
    assert not unfinished.exists()
