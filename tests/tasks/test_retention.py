"""Old answers moved to files and back: byte for byte, and without a figure that changes."""

import datetime as dt
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.aggregate import aggregate, rebuild_marts
from tasks.check import check_runs
from tasks.core.errors import FlipbookError, UsageError
from tasks.judging import Judging
from tasks.land import import_file, restage_all
from tasks.render import render
from tasks.retention import Archived, archive, kept_days, restore
from tasks.settings import PROJECT, Settings
from tasks.sql_files import statement
from tasks.warehouse import Warehouse

RECORDINGS = PROJECT / "tests" / "data"
# The first six days, and few of each.
SOME = re.compile(r'"day": "2026-10-0[1-6]", "repeat": [0-9],')
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
KEPT = dt.date(2026, 10, 5)
DOCUMENTED = re.search(
    r"```sql\n(select left\(body.*?);\n```", (PROJECT / "docs" / "operate.md").read_text(), re.DOTALL
)[1]  # type: ignore[index]
TYPED = ("stg.samples", "stg.bodies", "stg.distributions", "stg.completions")


@pytest.fixture(scope="session")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six days of a real recording, in a warehouse, counted."""
    folder = tmp_path_factory.mktemp("counted")
    lines = (RECORDINGS / "local-coin.ndjson").read_text().splitlines(keepends=True)
    (folder / "r.ndjson").write_text("".join(line for line in lines if SOME.search(line)))
    with Warehouse.open(Settings(warehouse=str(folder / "w.duckdb"))) as warehouse:
        aggregate(warehouse, import_file(warehouse, folder / "r.ndjson", NOON).days, [])
    return folder


@pytest.fixture
def settings(counted: Path, tmp_path: Path) -> Settings:
    """A copy of it."""
    shutil.copyfile(counted / "w.duckdb", tmp_path / "w.duckdb")
    return Settings(warehouse=str(tmp_path / "w.duckdb"), site=tmp_path / "site")


@pytest.fixture
def append(settings: Settings, tmp_path: Path) -> Callable[[Iterable[dict[str, Any]]], Any]:
    """Imports lines as a recording of their own."""

    def import_lines(lines: Iterable[dict[str, Any]]) -> Any:
        file = tmp_path / "late.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        with Warehouse.open(settings) as warehouse:
            return import_file(warehouse, file, NOON)

    return import_lines


def archived(settings: Settings, folder: Path, before: dt.date = KEPT) -> list[Archived]:
    """The days that went to `folder`."""
    days: list[Archived] = []
    archive(settings, before, folder, NOON, days.append)
    return days


def rows(settings: Settings, *selects: str) -> list[list[dict[str, Any]]]:
    """Rows of the warehouse."""
    with Warehouse.open(settings) as warehouse:
        return [warehouse.rows(sql) for sql in selects]


def responses(settings: Settings) -> dict[str, str | None]:
    """Every answer as it was received."""
    (found,) = rows(settings, "select sample_id, response from raw.responses")
    return {row["sample_id"]: row["response"] for row in found}


def typed(settings: Settings) -> list[list[dict[str, Any]]]:
    """What the answers say."""
    return rows(settings, *(f"from {table} order by all" for table in TYPED))


def pages(settings: Settings) -> dict[str, bytes]:
    """Every page, made anew. Not its CSV: in the sixteenth digit, a sum depends on the order of what is added."""
    render.fn(settings)
    return {str(path.relative_to(settings.site)): path.read_bytes() for path in settings.site.rglob("*.html")}


def made_again(settings: Settings) -> None:
    """As `flipbook rebuild` does it."""
    restage_all(settings)
    rebuild_marts(settings, [])


def test_answers_come_back_byte_for_byte(settings: Settings, tmp_path: Path) -> None:
    """From files that any client reads, one a day, moved elsewhere meanwhile."""
    before, typed_before = responses(settings), typed(settings)
    days = archived(settings, tmp_path / "archive")
    assert [day.day for day in days] == [dt.date(2026, 10, number) for number in range(1, 5)]
    assert rows(settings, "select min(day) as day from raw.bodies") == [[{"day": KEPT}]]
    with duckdb.connect() as anyone:
        (read,) = anyone.execute(f"select count(*), sum(strlen(body)) from '{tmp_path}/archive/*.parquet'").fetchall()
        packed = anyone.execute(f"select distinct compression from parquet_metadata('{days[0].file}')").fetchall()
    assert read == (sum(day.bodies for day in days), sum(day.body_bytes for day in days))
    assert ("ZSTD",) in packed
    put_together = DOCUMENTED.replace("/archive/flipbook", str(tmp_path / "archive"))
    with Warehouse.open(settings) as warehouse:
        away = {row["sample_id"]: row["response"] for row in warehouse.rows(put_together)}
    assert away == {sample: before[sample] for sample in away}
    assert len(away) == 4 * 30
    (tmp_path / "archive").rename(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"4 of 4 files .* not there, the first of them .*: say with --from"):
        restore(settings, None, None, None)
    part = restore(settings, dt.date(2026, 10, 2), dt.date(2026, 10, 4), tmp_path / "elsewhere")
    assert [day for day, _ in part] == [dt.date(2026, 10, 2), dt.date(2026, 10, 3)]
    restore(settings, None, None, tmp_path / "elsewhere")
    assert responses(settings) == before
    assert restore(settings, None, None, None) == []
    made_again(settings)
    assert typed(settings) == typed_before


def test_no_figure_changes(settings: Settings, tmp_path: Path) -> None:
    """Pages are the same, byte for byte: at once, after a rebuild, and what the answers say is kept."""
    before, typed_before = pages(settings), typed(settings)
    archived(settings, tmp_path / "archive")
    assert pages(settings) == before
    made_again(settings)
    assert typed(settings) == typed_before
    assert pages(settings) == before


def test_a_second_archive_has_nothing_to_do_and_one_after_a_return_writes_the_same(
    settings: Settings, tmp_path: Path
) -> None:
    """A file is named by what it holds."""
    first = archived(settings, tmp_path / "archive")
    assert archived(settings, tmp_path / "archive") == []
    restore(settings, None, None, None)
    assert [(day.file, day.bodies) for day in archived(settings, tmp_path / "archive")] == [
        (day.file, day.bodies) for day in first
    ]
    assert len(list((tmp_path / "archive").iterdir())) == len(first)


def test_what_lands_late_for_an_archived_day_is_counted_and_archived_beside(
    settings: Settings, counted: Path, append: Callable[..., Any], line: Callable[..., Any], tmp_path: Path
) -> None:
    """The recording once more changes nothing; a new answer goes to a file of its own; all of them come back."""
    before = responses(settings)
    archived(settings, tmp_path / "archive")
    with Warehouse.open(settings) as warehouse:
        assert import_file(warehouse, counted / "r.ndjson", NOON).new_samples == 0
    made_again(settings)
    day = dt.date(2026, 10, 2)
    late = append([line(day=day.isoformat(), study="local-coin", text="late")])
    assert (late.new_samples, late.days) == (1, (day,))
    (outcomes,) = rows(settings, f"select distinct outcome from stg.samples where day = '{day}'")
    assert outcomes == [{"outcome": "ok"}]
    (again,) = [found for found in archived(settings, tmp_path / "archive") if found.day == day]
    assert len(list((tmp_path / "archive").glob(f"bodies-{day}-*.parquet"))) == 2
    assert again.file.exists()
    restore(settings, None, None, None)
    after = responses(settings)
    assert {sample: after[sample] for sample in before} == before
    assert sum(response is not None and "late" in response for response in after.values()) == 1
    (twice,) = rows(settings, "select day, body_id from raw.bodies group by all having count(*) > 1")
    assert twice == []


def test_a_run_whose_answers_are_archived_is_judged_as_before(
    settings: Settings, append: Callable[..., Any], line: Callable[..., Any], judging: Judging, tmp_path: Path
) -> None:
    """An answer that makes no sense is no contradiction because its text is away."""
    append([line(response="<html>"), line()])
    archived(settings, tmp_path / "archive", dt.date(2026, 10, 1))
    (runs,) = rows(settings, "select distinct run_id from raw.runs")
    judged = check_runs.fn(settings, [row["run_id"] for row in runs], NOON, judging, [])
    assert [one.expectation for one in judged if one.severity == "critical" and one.success is False] == []


def test_a_damaged_file_is_refused(settings: Settings, tmp_path: Path) -> None:
    """Cut off, or with other bytes: in a sentence that names it, and nothing of it comes back."""
    day = archived(settings, tmp_path / "archive", dt.date(2026, 10, 2))[0]
    whole = day.file.read_bytes()
    held = "select count(*) as n from raw.bodies"
    before = rows(settings, held)
    for broken in (whole[:-500], b"", whole[: len(whole) // 2] + b"\0" * 40 + whole[len(whole) // 2 + 40 :]):
        day.file.write_bytes(broken)
        with pytest.raises(FlipbookError, match=r"bodies-2026-10-01-"):
            restore(settings, None, None, None)
        assert rows(settings, held) == before
    with duckdb.connect() as anyone:
        day.file.write_bytes(whole)
        anyone.execute(f"create table b as select * replace (body || ' ' as body) from '{day.file}'")
        anyone.execute(f"copy b to '{day.file}' (format parquet)")
    with pytest.raises(FlipbookError, match=r"is damaged: (\d+) of \1 answers are there, \1 of them wrong"):
        restore(settings, None, None, None)
    day.file.write_bytes(whole)
    assert restore(settings, None, None, None) == [(day.day, day.bodies)]


def test_a_format_that_would_type_archived_answers_again_is_refused(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot, and says which days have to come back first; nothing has changed then."""
    archived(settings, tmp_path / "archive")
    before = typed(settings)
    newer = tmp_path / "sql"
    (newer / "raw").mkdir(parents=True)
    for folder in (PROJECT / "sql").iterdir():
        if folder.name != "raw":
            (newer / folder.name).symlink_to(folder)
    for file in (PROJECT / "sql" / "raw").iterdir():
        (newer / "raw" / file.name).symlink_to(file)
    (newer / "raw" / "099_other_types.sql").write_text("-- what: other types\ndelete from stg.bodies;\n")
    with monkeypatch.context() as patched:
        for module in [name for name in sys.modules if name.startswith("tasks.")]:
            if hasattr(sys.modules[module], "SQL"):
                patched.setattr(f"{module}.SQL", newer)
        said = r"4 days from 2026-10-01 to 2026-10-04 are archived.*flipbook unarchive.*before"
        with pytest.raises(UsageError, match=said), Warehouse.open(settings):
            pass
    assert typed(settings) == before


def test_a_kill_at_any_moment_loses_nothing(settings: Settings, tmp_path: Path) -> None:
    """Every answer is in the warehouse or in a file that is noted, or in both; the same command goes on."""
    folder = tmp_path / "archive"
    before = responses(settings)
    command = [sys.executable, "-c", "from flows.cli import main; main()"]
    environment = {**os.environ, "FLIPBOOK_WAREHOUSE": str(settings.warehouse_file)}
    archiving = [*command, "archive", "--before", "2026-10-06", "--to", str(folder)]

    def files() -> int:
        return len(list(folder.glob("*"))) if folder.exists() else 0

    killed = 0
    for more in (1, 1, 2):
        seen = files()
        with subprocess.Popen(archiving, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL) as child:
            while files() < seen + more and child.poll() is None:
                time.sleep(0.0005)
            child.send_signal(signal.SIGKILL)
        killed += child.returncode == -signal.SIGKILL
        with Warehouse.open(settings) as warehouse:
            assert warehouse.rows(statement("archive/lost_days")) == []
            away = kept_days(warehouse)
        assert all(list(folder.glob(f"bodies-{day}-*.parquet")) for day in away)
    assert killed == 3
    subprocess.run(archiving, cwd=PROJECT, env=environment, check=True, capture_output=True)
    assert rows(settings, "select distinct day from raw.bodies") == [[{"day": dt.date(2026, 10, 6)}]]
    back = subprocess.run([*command, "unarchive"], cwd=PROJECT, env=environment, check=True, capture_output=True)
    assert b"Days: 5." in back.stdout
    assert responses(settings) == before
