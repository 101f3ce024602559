"""Copies of the marts."""

import csv
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.aggregate import aggregate
from tasks.core.errors import UsageError, WarehouseHeldError
from tasks.export import copy_marts, export_marts
from tasks.land import import_file
from tasks.settings import Settings
from tasks.sql_files import models
from tasks.warehouse import Warehouse

MARTS = sorted(model.path.stem for model in models("mart"))


@pytest.fixture
def settings(tmp_path: Path, line: Callable[..., Any]) -> Settings:
    """Those of a warehouse with marts, under a path that has to be quoted."""
    settings = Settings(warehouse=str(tmp_path / "it's here" / "w.duckdb"))
    recording = tmp_path / "r.ndjson"
    recording.write_text("".join(json.dumps(line(text='a "quoted",\nüml')) + "\n" for _ in range(3)))
    with Warehouse.open(settings) as warehouse:
        landing = import_file(warehouse, recording, dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
        aggregate(warehouse, landing.days, [])
    return settings


def test_the_copy_has_every_mart_and_is_replaced(settings: Settings) -> None:
    """While a reader has the old one open; nothing unfinished is left."""
    file = copy_marts(settings)
    with duckdb.connect(str(file), read_only=True) as reader:
        tables = [
            name
            for (name,) in reader.execute("select table_name from information_schema.tables order by all").fetchall()
        ]
        assert tables == MARTS
        file.with_suffix(".unfinished").write_text("left by a killed process")
        assert copy_marts(settings) == file
        assert reader.execute("select sum(n)::int from mart.value_counts_by_day").fetchall() == [(3,)]
    assert sorted(path.name for path in file.parent.iterdir()) == ["marts.duckdb", "w.duckdb"]


def test_a_copy_of_another_version_is_brought_up_to_date(settings: Settings) -> None:
    """What was a view there and is a table now, the other way round, and a table that had fewer columns."""
    file = copy_marts(settings)
    with duckdb.connect(str(file)) as writer:
        writer.execute("drop table mart.series; create view mart.series as select 1 as x")
        writer.execute("drop view mart.spread_by_day; create table mart.spread_by_day as select 1 as x")
        writer.execute("alter table mart.completion_counts_by_day drop column first_token")
    copy_marts(settings, [])
    with duckdb.connect(str(file), read_only=True) as reader:
        assert reader.execute("select study from mart.series join mart.spread_by_day using (study)").fetchall()
        assert reader.execute("select first_token, n from mart.completion_counts_by_day").fetchall() == [("Heads", 3)]


def test_one_process_at_a_time_makes_the_copy(settings: Settings) -> None:
    """Two at once would put each other's unfinished file in place: even a reader has to be waited for."""
    copy_marts(settings)
    impatient = settings.model_copy(update={"warehouse_wait_s": 0})
    with Warehouse.open(settings, read_only=True), pytest.raises(WarehouseHeldError):
        copy_marts(impatient)


def test_marts_are_written_as_parquet_and_csv(settings: Settings, tmp_path: Path) -> None:
    """One file a mart and format, in a folder that is made; any reader gets the same rows."""
    written = export_marts(settings, tmp_path / "a" / "b")
    assert sorted(path.name for path in written) == sorted(
        f"{mart}.{form}" for mart in MARTS for form in ("csv", "parquet")
    )
    with (tmp_path / "a" / "b" / "completion_counts_by_day.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["text"], row["n"]) == ('a "quoted",\nüml', "3")
    parquet = str(tmp_path / "a" / "b" / "value_counts_by_day.parquet")
    assert duckdb.sql(f"select sum(n)::int from '{parquet}'").fetchall() == [(3,)]


def test_a_folder_that_cannot_be_made_is_named(settings: Settings, tmp_path: Path) -> None:
    """In one sentence; so is a warehouse that is not there yet."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"file/below cannot be written: Not a directory"):
        export_marts(settings, tmp_path / "file" / "below")
    with pytest.raises(UsageError, match="There is no warehouse"):
        export_marts(Settings(warehouse=str(tmp_path / "none.duckdb")), tmp_path)
