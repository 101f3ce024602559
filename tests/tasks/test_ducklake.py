"""The warehouse as a DuckLake in PostgreSQL: made by whoever comes first, written by many at once, and never telling a password."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.aggregate import aggregate, rebuild_marts
from tasks.core.errors import FlipbookError, UsageError, WarehouseHeldError
from tasks.export import copy_marts, export_marts, marts
from tasks.land import import_file, restage_all
from tasks.retention import Archived, archive, restore
from tasks.settings import PROJECT, Settings
from tasks.sql_files import models
from tasks.warehouse import Warehouse, exists, name_of
from tasks.warehouse.conninfo import Conninfo
from tasks.warehouse.lake import MARK

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
# Lands some recordings, counts, and says what was new.
WRITER = """
import datetime as dt, sys
from pathlib import Path
from tasks.aggregate import aggregate
from tasks.land import import_file
from tasks.settings import Settings
from tasks.warehouse import Warehouse
settings = Settings()
with Warehouse.open(settings) as warehouse:
    landings = [import_file(warehouse, Path(name), dt.datetime.now(dt.UTC)) for name in sys.argv[1:]]
    aggregate(warehouse, {day for landing in landings for day in landing.days}, [])
    print(*(landing.new_samples for landing in landings))
"""

Line = dict[str, Any]


@pytest.fixture
def lake(new_lake: Callable[[Path], Settings], tmp_path: Path) -> Settings:
    """A migrated, empty DuckLake."""
    return new_lake(tmp_path)


@pytest.fixture
def bare(postgres: Any, tmp_path: Path) -> Settings:
    """An empty database, in which nobody has made a lake yet."""
    where = f"ducklake:postgres:{postgres.conninfo(postgres.new_database())}"
    return Settings(warehouse=where, warehouse_data=str(tmp_path / "data"), spool=tmp_path / "spool")


def recording(file: Path, lines: Iterable[Line]) -> Path:
    """A recording of some lines."""
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def said(settings: Settings, sql: str) -> list[Any]:
    """One row of the warehouse."""
    with Warehouse.open(settings, read_only=True) as warehouse:
        (row,) = warehouse.rows(sql)
    return list(row.values())


def start(settings: Settings, *files: Path) -> subprocess.Popen[str]:
    """A writer as a process of its own."""
    assert settings.warehouse_data
    environment = {
        "FLIPBOOK_WAREHOUSE": settings.warehouse,
        "FLIPBOOK_WAREHOUSE_DATA": settings.warehouse_data,
        "FLIPBOOK_SPOOL": str(settings.spool),
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-c", WRITER, *map(str, files)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=PROJECT, env=environment, text=True, **pipes)


def test_four_writers_at_once_lose_nothing_and_double_nothing(
    bare: Settings, tmp_path: Path, line: Callable[..., Line]
) -> None:
    """From an empty database on, each with a study of its own and one recording that all of them bring."""
    shared = recording(tmp_path / "shared.ndjson", [line() for _ in range(30)])
    own = [recording(tmp_path / f"{n}.ndjson", [line(study=f"study-{n}") for _ in range(20)]) for n in range(4)]
    writers = [start(bare, file, shared) for file in own]
    ended = [writer.communicate() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0], ended
    new = [list(map(int, out.split())) for out, _ in ended]
    assert [counts[0] for counts in new] == [20, 20, 20, 20]
    assert sorted(counts[1] for counts in new) == [0, 0, 0, 30]
    assert said(bare, "select count(*), count(distinct sample_id) from stg.samples") == [110, 110]
    assert said(bare, "select count(*), count(distinct ordering_id) from stg.distributions") == [1, 1]
    assert said(bare, "select count(*), count(distinct request_id) from raw.requests") == [1, 1]
    assert said(bare, "select count(*), count(distinct run_id) from raw.runs") == [5, 5]
    assert said(bare, "select sum(samples)::int, count(*) from mart.spread_overall") == [110, 5]
    assert said(bare, "select sum(n)::int from mart.value_counts_by_day") == [110]
    assert said(bare, "select count(*) from raw.migrations") == [len(list((PROJECT / "sql" / "raw").glob("*.sql")))]


def test_it_says_what_a_file_says(lake: Settings, tmp_path: Path, line: Callable[..., Line]) -> None:
    """Every mart, from the same lines; also after a rebuild, and in the copy that readers leave open."""
    texts = ["a b", "a c", "a c d"]
    lines = [line(day=f"2026-03-0{day}", text=text, tokens=text.split()) for day in (1, 2) for text in texts * 4]
    file = recording(tmp_path / "r.ndjson", [*lines, line(status=500, response=None), line(response="no JSON")])
    plain = Settings(warehouse=str(tmp_path / "plain" / "w.duckdb"))
    for settings in (lake, plain):
        with Warehouse.open(settings) as warehouse:
            aggregate(warehouse, import_file(warehouse, file, NOW).days, [])
    for again in (False, True):
        if again:
            restage_all(lake)
            rebuild_marts(lake, [])
        copy_marts(lake)
        copy_marts(plain)
        with marts(lake) as ours, Warehouse.open_copy(plain) as theirs:
            for model in models("mart"):
                sql = f"from {model.table} order by all"
                assert ours.rows(sql) == theirs.rows(sql), model.table


def test_a_second_landing_changes_nothing(lake: Settings, tmp_path: Path, line: Callable[..., Line]) -> None:
    """Idempotent by anti-join, as in a file; and a reader keeps what it saw first."""
    file = recording(tmp_path / "r.ndjson", [line() for _ in range(5)])
    count = "select count(*) as n from raw.calls"
    with Warehouse.open(lake, read_only=True) as reader:
        assert reader.rows(count) == [{"n": 0}]
        with Warehouse.open(lake) as warehouse:
            assert [import_file(warehouse, file, NOW).new_samples for _ in range(2)] == [5, 0]
            assert warehouse.rows(count) == [{"n": 5}]
        assert reader.rows(count) == [{"n": 0}]
    assert said(lake, count) == [5]


def test_who_counts_is_named_and_landing_goes_on(lake: Settings) -> None:
    """One process counts at a time; the next is told who it is after the wait, and can land meanwhile."""
    impatient = lake.model_copy(update={"warehouse_wait_s": 0.2})
    with Warehouse.open(lake) as first, first.transaction("counting"), Warehouse.open(impatient) as second:
        with second.transaction("landing"):
            second.execute("insert into raw.requests values ('x', '{}')")
        match = r"^Process \d+ on .* is counting in the warehouse postgresql://127\.0\.0\.1:\d+/test_\w+; waited"
        with pytest.raises(WarehouseHeldError, match=match), second.transaction("counting"):
            pass
    assert said(lake, "select count(*) from raw.requests") == [1]


def test_a_transaction_is_all_or_nothing(lake: Settings) -> None:
    """Also where the connection to PostgreSQL breaks in it; the claim of who died is nobody's."""
    with Warehouse.open(lake) as warehouse:
        with pytest.raises(duckdb.CatalogException), warehouse.transaction():  # noqa: PT012 - the second fails
            warehouse.execute("insert into raw.requests values ('x', '{}')")
            warehouse.execute("from nowhere")
        assert warehouse.rows("from raw.requests") == []


def test_a_broken_connection_is_a_sentence(lake: Settings, postgres: Any) -> None:
    """Nothing of the transaction is there afterwards, and the next writer does not wait."""
    database = lake.warehouse.rpartition("dbname=")[2]
    end = f"select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '{database}'"

    def land() -> None:
        with Warehouse.open(lake) as warehouse, warehouse.transaction():
            warehouse.execute("insert into raw.requests values ('x', '{}')")
            postgres.execute(end)

    with pytest.raises(FlipbookError, match=r"^The warehouse postgresql://\S+ cannot be reached: .*try again\.$"):
        land()
    with Warehouse.open(lake.model_copy(update={"warehouse_wait_s": 5})) as warehouse, warehouse.transaction():
        assert warehouse.rows("from raw.requests") == []


@pytest.mark.parametrize(
    ("conninfo", "kind", "match"),
    [
        (
            "host=127.0.0.1 port=9 dbname=x password=planted-secret",
            FlipbookError,
            r"postgresql://127.0.0.1:9/x cannot be",
        ),
        (
            "postgresql://me:planted-secret@127.0.0.1:9/x",
            FlipbookError,
            r"postgresql://127.0.0.1:9/x cannot be reached",
        ),
        ("host=127.0.0.1 port={port} user=nobody dbname=x password='planted-secret'", UsageError, "does not exist"),
        ("planted-secret", UsageError, "cannot be opened: missing .=. after"),
    ],
)
def test_what_is_wrong_with_postgresql_is_said_without_its_password(
    postgres: Any, tmp_path: Path, conninfo: str, kind: type[FlipbookError], match: str
) -> None:
    """By readers, writers and whoever asks whether there is one; nor is it in what is shown of settings."""
    conninfo = conninfo.format(port=postgres.port)
    settings = Settings(warehouse=f"ducklake:postgres:{conninfo}", spool=tmp_path / "spool")

    def opened(read_only: bool) -> None:
        with Warehouse.open(settings, read_only=read_only):
            pass

    for attempt in (lambda: opened(True), lambda: opened(False), lambda: exists(settings)):
        with pytest.raises(kind, match=match) as raised:
            attempt()
        assert "planted-secret" not in str(raised.value)
        assert "\n" not in str(raised.value)
        assert raised.value.__context__ is None
    assert "planted-secret" not in f"{settings!r} {settings} {name_of(settings)} {Conninfo.of(conninfo)!r}"


def test_there_is_none_before_a_writer_makes_it(bare: Settings, postgres: Any, tmp_path: Path) -> None:
    """A reader says so. What is somebody else's is left alone."""
    assert not exists(bare)
    with (
        pytest.raises(UsageError, match="There is no warehouse at postgresql://"),
        Warehouse.open(bare, read_only=True),
    ):
        pass
    with Warehouse.open(bare):
        pass
    assert exists(bare)
    theirs = postgres.new_database()
    with duckdb.connect() as connection:
        from tasks.warehouse.extensions import load

        load(connection)
        where = f"ducklake:postgres:{postgres.conninfo(theirs)}"
        connection.execute(f"attach '{where}' as theirs (data_path '{tmp_path}'); create table theirs.t (a int)")
    foreign = bare.model_copy(update={"warehouse": where, "warehouse_data": None})
    (tmp_path / MARK).touch()
    with pytest.raises(UsageError, match="no warehouse of Flipbook"), Warehouse.open(foreign):
        pass


def test_tidying_removes_files_and_no_row(lake: Settings, tmp_path: Path, line: Callable[..., Line]) -> None:
    """What small landings left is put together; a file has its log written."""
    plain = Settings(warehouse=str(tmp_path / "plain" / "w.duckdb"))
    data = Path(lake.warehouse_data or "")
    for settings in (lake, plain):
        with Warehouse.open(settings) as warehouse:
            for number in range(3):
                lines = [line(study=f"study-{number}") for _ in range(20)]
                landing = import_file(warehouse, recording(tmp_path / f"{number}.ndjson", lines), NOW)
            aggregate(warehouse, landing.days, [])
    before = set(data.rglob("*.parquet"))
    for settings in (lake, plain):
        with Warehouse.open(settings) as warehouse:
            for _ in range(2):
                # What the first one replaces, the second removes.
                warehouse.tidy(dt.datetime.now(dt.UTC))
        assert said(settings, "select count(*), count(distinct sample_id) from stg.samples") == [60, 60]
        assert said(settings, "select sum(n)::int from mart.value_counts_by_day") == [60]
    assert before - set(data.rglob("*.parquet"))


def test_archived_answers_come_back_byte_for_byte(lake: Settings, tmp_path: Path, line: Callable[..., Line]) -> None:
    """As from a file; also what landed for an archived day meanwhile stays, and nothing is there twice."""
    every = "select sample_id, response from raw.responses order by all"

    def answers() -> list[Line]:
        with Warehouse.open(lake, read_only=True) as warehouse:
            return warehouse.rows(every)

    def land(file: str, count: int, percent: float) -> None:
        top = {"Heads": percent, "T": 100 - percent}
        lines = [line(day=f"2026-03-0{day}", top=top) for day in (1, 2) for _ in range(count)]
        with Warehouse.open(lake) as warehouse:
            aggregate(warehouse, import_file(warehouse, recording(tmp_path / file, lines), NOW).days, [])

    land("1.ndjson", 10, 90)
    before, days = answers(), list[Archived]()
    archive(lake, dt.date(2026, 3, 2), tmp_path / "archive", NOW, days.append)
    assert [day.day for day in days] == [dt.date(2026, 3, 1)]
    assert sum(row["response"] is None for row in answers()) == 10
    counted = said(lake, "select sum(n)::int, count(*) from mart.value_counts_by_day")
    restage_all(lake)
    rebuild_marts(lake, [])
    assert said(lake, "select sum(n)::int, count(*) from mart.value_counts_by_day") == counted
    land("2.ndjson", 3, 80)
    with Warehouse.open(lake) as warehouse:
        warehouse.tidy(dt.datetime.now(dt.UTC))
    assert restore(lake, None, None, None) == [(dt.date(2026, 3, 1), days[0].bodies)]
    after = answers()
    assert len(after) == 26
    assert all(row["response"] for row in after)
    assert [row for row in after if row in before] == before
    assert restore(lake, None, None, None) == []


def test_a_folder_for_its_files_that_cannot_be_made_is_named(bare: Settings, tmp_path: Path) -> None:
    """With the setting that names it: the database is not to blame, and stays empty."""
    (tmp_path / "file").touch()
    below = bare.model_copy(update={"warehouse_data": str(tmp_path / "file" / "lake")})
    said = rf"^The files of .*/test_\w+ cannot be kept in {tmp_path}/file/lake: {tmp_path}/file is no folder\. .*_DATA"
    with pytest.raises(UsageError, match=said), Warehouse.open(below):
        pass
    beside = bare.model_copy(update={"spool": tmp_path / "file" / "spools" / "spool"})
    with pytest.raises(UsageError, match=rf" needs the folder {tmp_path}/file/spools, which"), Warehouse.open(beside):
        pass
    assert not exists(bare)


def test_a_machine_without_its_files_is_refused(lake: Settings, tmp_path: Path) -> None:
    """It would write answers where nobody else finds them."""
    elsewhere = lake.model_copy(update={"warehouse_data": str(tmp_path / "elsewhere")})
    with (
        pytest.raises(UsageError, match="on this machine they are not there: mount that folder"),
        Warehouse.open(elsewhere),
    ):
        pass


def test_a_catalogue_in_a_file_is_for_one_writer(tmp_path: Path, line: Callable[..., Line]) -> None:
    """Who holds it is named, as with a DuckDB file."""
    settings = Settings(warehouse=f"ducklake:{tmp_path / 'c.ducklake'}", spool=tmp_path / "spool", warehouse_wait_s=0.2)
    file = recording(tmp_path / "r.ndjson", [line() for _ in range(3)])
    assert not exists(settings)
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, import_file(warehouse, file, NOW).days, [])
        with (
            pytest.raises(WarehouseHeldError, match=r"^Process \d+ holds the warehouse .*c\.ducklake"),
            Warehouse.open(settings),
        ):
            pass
    assert said(settings, "select sum(n)::int from mart.value_counts_by_day") == [3]
    assert len(export_marts(settings, tmp_path / "export", ["csv"])) == len(models("mart"))
