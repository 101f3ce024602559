"""Opening the warehouse: alone, after a bounded wait, in a format that any client reads; or saying why not."""

import datetime as dt
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.core.errors import FlipbookError, UsageError, WarehouseHeldError
from tasks.land import import_file
from tasks.settings import PROJECT, Settings
from tasks.sql_files import Model, models, statement
from tasks.warehouse import Warehouse, in_chunks

HOLDER = """
import sys
from tasks.settings import Settings
from tasks.warehouse import Warehouse
with Warehouse.open(Settings(warehouse=sys.argv[1]), read_only=sys.argv[2] == "reader"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def at(path: Path, wait_s: float = 0.2) -> Settings:
    """Settings with a warehouse at `path`."""
    return Settings(warehouse=str(path), warehouse_wait_s=wait_s)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A warehouse that is closed again."""
    path = tmp_path / "made.duckdb"
    with Warehouse.open(at(path)):
        pass
    return path


@contextmanager
def held(path: Path, by: str = "writer") -> Iterator[Any]:
    """While another process has it open; a line to that process ends it."""
    command = [sys.executable, "-c", HOLDER, str(path), by]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        yield child
        child.communicate(b"\n")


@pytest.mark.parametrize(("by", "read_only"), [("writer", True), ("writer", False), ("reader", False)])
def test_a_warehouse_that_another_process_holds_is_named_with_it(made: Path, by: str, read_only: bool) -> None:
    """File, process id, the wait, and what to do; a reader keeps a writer out as well."""
    said = rf"^Process {{}} holds the warehouse {re.escape(str(made))}; waited 0\.2 s\. Close it there"
    with (
        held(made, by) as holder,
        pytest.raises(WarehouseHeldError, match=said.format(holder.pid)),
        Warehouse.open(at(made), read_only=read_only),
    ):
        pass


def test_readers_do_not_mind_each_other(made: Path) -> None:
    """Only a writer is alone."""
    with held(made, "reader"), Warehouse.open(at(made), read_only=True) as warehouse:
        assert warehouse.rows("select 1 as one") == [{"one": 1}]


def test_an_open_waits_until_it_is_let_go(made: Path) -> None:
    """Nobody has to start it again."""
    with held(made) as holder:
        release = threading.Timer(0.3, lambda: (holder.stdin.write(b"\n"), holder.stdin.flush()))
        release.start()
        with Warehouse.open(at(made, wait_s=30)) as warehouse:
            warehouse.execute("select 1")
        release.join()
        assert holder.wait(10) == 0


def test_a_warehouse_that_this_process_holds_is_held_too(made: Path) -> None:
    """By another thread; it is waited for in the same way."""
    said = r"^Process \d+ holds the warehouse"
    with Warehouse.open(at(made)), pytest.raises(WarehouseHeldError, match=said), Warehouse.open(at(made)):
        pass


def test_two_processes_may_make_it_at_once(tmp_path: Path) -> None:
    """The second finds it made."""
    path = tmp_path / "new.duckdb"
    command = [sys.executable, "-c", HOLDER, str(path), "writer"]
    children = [
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=PROJECT) for _ in range(3)
    ]
    outputs = [child.communicate()[0] for child in children]
    assert outputs == [b"held\n"] * 3


def test_only_a_writer_makes_it(tmp_path: Path) -> None:
    """A reader says what to do first, and leaves nothing behind."""
    with (
        pytest.raises(UsageError, match=r"There is no warehouse at .*none\.duckdb yet: run a study, or import"),
        Warehouse.open(at(tmp_path / "none.duckdb"), read_only=True),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
    with Warehouse.open(at(tmp_path / "a" / "b" / "new.duckdb")) as warehouse:
        applied = [f"{row['name']}.sql" for row in warehouse.rows("select name from raw.migrations order by version")]
        assert applied == sorted(file.name for file in (PROJECT / "sql" / "raw").iterdir())


def test_a_newer_format_is_refused(made: Path) -> None:
    """By readers and writers, with the way out."""
    with Warehouse.open(at(made)) as warehouse:
        warehouse.execute("insert into raw.migrations values (99, 'from tomorrow', timestamptz '2030-01-01 00:00:00Z')")
    for read_only in (True, False):
        with (
            pytest.raises(UsageError, match=r"newer Flipbook \(format 99; this one knows \d+\): upgrade Flipbook"),
            Warehouse.open(at(made), read_only=read_only),
        ):
            pass


def test_an_older_format_is_brought_up_to_date(made: Path, line: Any, tmp_path: Path) -> None:
    """When a writer opens it: what is typed is typed again, from what is kept verbatim, token lists included."""
    recording = tmp_path / "r.ndjson"
    lines = [line(text="a b", tokens=["a", " b"]), line(), line(response="no JSON"), line(status=500, response=None)]
    recording.write_text("".join(json.dumps(one) + "\n" for one in lines))
    typed = [
        f"from {table} order by all" for table in ("stg.samples", "stg.bodies", "stg.distributions", "stg.completions")
    ]
    with Warehouse.open(at(made)) as warehouse:
        import_file(warehouse, recording, dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
        before = [warehouse.rows(sql) for sql in typed]
    with duckdb.connect(str(made)) as older:
        later = [file.read_text() for file in sorted((PROJECT / "sql" / "raw").iterdir())[2:]]
        for table in set(re.findall(r"create table (\S+)", "".join(later))) - {"stg.bodies"}:
            older.execute(f"drop table {table}")
        older.execute("delete from raw.migrations where version > 2")
        older.execute("alter table stg.bodies drop column first_token; alter table stg.bodies drop column tokens_id")
    with Warehouse.open(at(made)) as warehouse:
        assert [warehouse.rows(sql) for sql in typed] == before
        assert [row["tokens"] for row in before[-1]] == [["a", " b"]]


@pytest.mark.parametrize("read_only", [True, False])
def test_what_is_no_warehouse_is_named(tmp_path: Path, read_only: bool) -> None:
    """A file of another kind, a directory, a place under a file, somebody else's database; none of them is touched."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "text").write_text("hello" * 1000)
    with duckdb.connect(str(tmp_path / "foreign")) as foreign:
        foreign.execute("create schema mart; create table mart.theirs (a int)")
    names = ["directory", "text", "foreign", *(["text/below"] if not read_only else [])]
    for name in names:
        with (
            pytest.raises(UsageError, match=f"{tmp_path / name}.* (opened|no warehouse|made)") as raised,
            Warehouse.open(at(tmp_path / name), read_only=read_only),
        ):
            pass
        assert "\n" not in str(raised.value)
    assert (tmp_path / "text").read_text() == "hello" * 1000


def test_an_empty_database_is_made_a_warehouse(tmp_path: Path) -> None:
    """It is what a killed process leaves; a reader cannot go on with it."""
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    with (
        pytest.raises(UsageError, match="no warehouse of Flipbook"),
        Warehouse.open(at(tmp_path / "empty.duckdb"), read_only=True),
    ):
        pass
    with Warehouse.open(at(tmp_path / "empty.duckdb")) as warehouse:
        assert warehouse.rows("from raw.calls") == []


def test_what_a_killed_writer_left_in_the_log_is_read(made: Path) -> None:
    """By a reader too."""
    code = f"""
import os, signal
from tasks.settings import Settings
from tasks.warehouse import Warehouse
with Warehouse.open(Settings(warehouse={str(made)!r})) as warehouse:
    with warehouse.transaction():
        warehouse.execute("insert into raw.requests values ('kept', '{{}}')")
    warehouse.connection.begin()
    warehouse.execute("insert into raw.requests values ('lost', '{{}}')")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False)
    for read_only in (True, False):
        with Warehouse.open(at(made), read_only=read_only) as warehouse:
            assert warehouse.rows("select request_id from raw.requests") == [{"request_id": "kept"}]


def test_a_transaction_is_all_or_nothing(warehouse: Warehouse) -> None:
    """Whatever stops it."""
    with pytest.raises(duckdb.CatalogException), warehouse.transaction():  # noqa: PT012 - the second statement fails
        warehouse.execute("insert into raw.requests values ('x', '{}')")
        warehouse.execute("from nowhere")
    assert warehouse.rows("from raw.requests") == []


def test_it_is_compressed_and_any_client_reads_it(made: Path, line: Any, tmp_path: Path) -> None:
    """Format 1.2, bodies in zstd, and a plain connection finds every public table."""
    recording = tmp_path / "r.ndjson"
    lines = (line(text=f"answer {number} " * 40) for number in range(3000))
    recording.write_text("".join(json.dumps(one) + "\n" for one in lines))
    with Warehouse.open(at(made)) as warehouse:
        import_file(warehouse, recording, dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
        warehouse.execute("checkpoint")
    with duckdb.connect(str(made), read_only=True) as plain:
        tags = plain.execute("select tags from duckdb_databases() where database_name = 'made'").fetchall()
        assert tags[0][0]["storage_version"].startswith("v1.2")
        used = "select distinct compression from pragma_storage_info('raw.bodies') where column_name = 'body'"
        assert "ZSTD" in {name for (name,) in plain.execute(used).fetchall()}
        public = ["raw.runs", "raw.requests", "raw.responses", "raw.rejects", "raw.expectations"]
        for table in [*public, "stg.samples", "stg.distributions"]:
            plain.execute(f"from {table} limit 1").fetchall()
        assert plain.execute("select count(*) from stg.samples where outcome = 'ok'").fetchall() == [(3000,)]


def test_models_come_in_the_order_of_what_they_read() -> None:
    """Whatever their names."""
    for layer in ("stg", "mart"):
        ordered = [model.table for model in models(layer)]
        for model in models(layer):
            reads = set(re.findall(r"(?:from|join) (\w+\.\w+)", model.select)) & set(ordered) - {model.table}
            assert all(ordered.index(read) < ordered.index(model.table) for read in reads)


def test_a_model_by_day_is_made_again_for_its_days_alone(warehouse: Warehouse, tmp_path: Path) -> None:
    """The rows of other days stay as they were."""
    file = tmp_path / "mart" / "by_day.sql"
    file.parent.mkdir()
    file.write_text(
        "-- grain: day\n-- by day\nselect unnest($days::date[]) as day, (select count(*) from raw.requests) as n"
    )
    model = Model(file)
    assert model.made_anew
    warehouse.make_model(model, [dt.date(2026, 1, 1), dt.date(2026, 1, 2)])
    first = warehouse.rows("from mart.by_day order by day")
    warehouse.execute("insert into raw.requests values ('x', '{}')")
    warehouse.make_model(model, [dt.date(2026, 1, 2)])
    second = warehouse.rows("from mart.by_day order by day")
    assert ([row["n"] for row in first], [row["n"] for row in second]) == ([0, 0], [0, 1])


def test_it_spills_beside_the_warehouse(made: Path) -> None:
    """Not wherever the process stands; a reader into a folder of its own."""
    spill = "select current_setting('temp_directory') as folder"
    with Warehouse.open(at(made)) as warehouse:
        assert warehouse.rows(spill) == [{"folder": f"{made}.tmp"}]
    with Warehouse.open(at(made), read_only=True) as warehouse:
        assert warehouse.rows(spill) == [{"folder": f"{made}.{os.getpid()}.tmp"}]


def test_parameters_that_a_statement_does_not_name_are_left_out(warehouse: Warehouse) -> None:
    """DuckDB refuses them; a longer name is another one."""
    assert warehouse.rows("select $day as d", {"day": 1, "days": [2], "file": "x"}) == [{"d": 1}]
    assert warehouse.rows("select $days as d", {"day": 1, "days": [2]}) == [{"d": [2]}]
    assert statement("land/calls").startswith("-- what")


def test_days_come_in_chunks() -> None:
    """All of them, in order, never too many at once."""
    chunks = list(in_chunks(range(100)))
    assert [day for chunk in chunks for day in chunk] == list(range(100))
    assert max(map(len, chunks)) == 28


def test_a_mistake_of_ours_is_no_sentence_for_operators(made: Path) -> None:
    """It stays DuckDB's error, with its traceback."""
    with pytest.raises(duckdb.CatalogException), Warehouse.open(at(made)) as warehouse:
        warehouse.execute("from nowhere")
    assert not issubclass(duckdb.CatalogException, FlipbookError)


def test_a_file_that_cannot_be_read_is_one_sentence(made: Path, tmp_path: Path) -> None:
    """It names the file."""
    with (
        pytest.raises(FlipbookError, match=r"nobody\.ndjson"),
        Warehouse.open(Settings(warehouse=str(made))) as warehouse,
    ):
        warehouse.rows("from read_json($file)", {"file": str(tmp_path / "nobody.ndjson")})


@pytest.mark.parametrize("room", [0, 1000, 9000, 13_000])
def test_a_warehouse_that_is_made_on_a_full_disk_can_be_made_later(room: int, tmp_path: Path) -> None:
    """A file appears whole, or not at all: one that is half made nobody could open any more. A limit stands for the disk."""
    path = tmp_path / "new.duckdb"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with (
            pytest.raises(FlipbookError, match=r"The disk is full at .*new\.duckdb: make room"),
            Warehouse.open(at(path)),
        ):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    with Warehouse.open(at(path)) as warehouse:
        assert warehouse.rows("from raw.calls") == []
    assert [file.name for file in tmp_path.iterdir()] == ["new.duckdb"]


def test_a_full_disk_is_that_of_the_file_that_did_not_fit(made: Path, tmp_path: Path) -> None:
    """Not always the warehouse's: a backup and an archive go to another one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with (
            pytest.raises(FlipbookError, match=r"The disk is full at .*other\.duckdb: make room"),
            Warehouse.open(at(made), read_only=True) as warehouse,
        ):
            warehouse.execute(
                f"attach '{tmp_path / 'other.duckdb'}' as other; "
                "create table other.many as select md5(n::varchar) as text from range(20000) as numbers(n)"
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_two_processes_make_one_warehouse(tmp_path: Path) -> None:
    """The one that is slower finds the other's, and waits for it."""
    path = tmp_path / "new.duckdb"
    make = "import sys; from tasks.settings import Settings; from tasks.warehouse import Warehouse\n"
    make += "with Warehouse.open(Settings(warehouse=sys.argv[1])): pass"
    makers = [subprocess.Popen([sys.executable, "-c", make, str(path)], cwd=PROJECT) for _ in range(3)]
    assert [maker.wait() for maker in makers] == [0, 0, 0]
    assert [file.name for file in tmp_path.iterdir()] == ["new.duckdb"]
