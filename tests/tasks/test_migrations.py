"""Warehouses of every format that there was, opened by the code of today."""

import datetime as dt
import lzma
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.aggregate import aggregate, rebuild
from tasks.core.errors import UsageError
from tasks.export import marts
from tasks.settings import Settings
from tasks.sql_files import SQL
from tasks.warehouse import Warehouse

WAREHOUSES = Path(__file__).parents[1] / "data" / "warehouses"
FORMATS = sorted(int(file.name.split(".")[0].removeprefix("format-")) for file in WAREHOUSES.iterdir())
NEWEST = max(int(file.name.split("_")[0]) for file in (SQL / "raw").iterdir())

RECEIVED = ("runs", "requests", "calls", "bodies", "rejects", "expectations")
COUNTS = (
    "select study, endpoint, model, arm, prompt, day, logprob, sum(n) as n from mart.value_counts_by_day group by all",
    "select study, endpoint, model, arm, prompt, day, text, sum(n) as n from mart.completion_counts_by_day group by all",
    "select study, endpoint, model, arm, prompt, day, samples, observed, distinct_values, min_pct, max_pct, modal_pct "
    "from mart.spread_by_day",
    "select study, endpoint, model, arm, prompt, day, outcome, status, n from mart.outcomes_by_day",
)


@pytest.fixture(params=FORMATS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A warehouse of one format, as it was written."""
    file = tmp_path / "old.duckdb"
    packed = WAREHOUSES / f"format-{request.param}.duckdb.xz"
    file.write_bytes(lzma.decompress(packed.read_bytes()))
    return file


@pytest.fixture
def settings(old: Path) -> Settings:
    """Settings that name it."""
    return Settings(warehouse=str(old))


def rows(file: Path, *selects: str) -> list[list[Any]]:
    """What plain DuckDB reads in it."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return [sorted(connection.execute(sql).fetchall(), key=repr) for sql in selects]


def received(file: Path) -> list[list[Any]]:
    """Every table that is verbatim, and every answer put together again."""
    return rows(file, *(f"from raw.{table}" for table in (*RECEIVED, "responses")))


def migrations(file: Path) -> list[Any]:
    """What was applied to it, and when."""
    return rows(file, "from raw.migrations")[0]


def test_an_old_warehouse_is_brought_to_the_format_of_today(old: Path, settings: Settings) -> None:
    """Nothing that was received changes; a second open changes nothing."""
    before, format_before = received(old), len(migrations(old))
    with Warehouse.open(settings):
        pass
    applied = migrations(old)
    assert [version for version, *_ in applied] == list(range(1, NEWEST + 1))
    assert format_before == int(applied[format_before - 1][0])
    assert received(old) == before
    with Warehouse.open(settings):
        pass
    assert migrations(old) == applied


def test_counts_are_as_they_were(old: Path, settings: Settings) -> None:
    """As the code of that time counted them: by a run of today, which finds old marts, and by a rebuild."""
    before = rows(old, *COUNTS)
    assert all(before)
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, [dt.date(2026, 10, 8)], [])
    assert rows(old, *COUNTS) == before
    with Warehouse.open(settings) as warehouse:
        rebuild(warehouse, [])
    assert rows(old, *COUNTS) == before


def test_pages_of_old_figures_wait_for_a_rebuild(settings: Settings) -> None:
    """In a sentence that says so."""
    with pytest.raises(UsageError, match="`flipbook rebuild` makes them"), marts(settings):
        pass


def test_a_reader_does_not_migrate(old: Path, settings: Settings) -> None:
    """It only reads."""
    before = old.read_bytes()
    with Warehouse.open(settings, read_only=True) as warehouse:
        assert warehouse.rows("select count(*) as n from raw.calls")[0]["n"] >= 116
    assert old.read_bytes() == before


def test_the_format_after_this_one_is_refused(old: Path, settings: Settings) -> None:
    """In a sentence, by readers and writers; and the file stays as it is."""
    with Warehouse.open(settings) as warehouse:
        warehouse.execute(
            f"insert into raw.migrations values ({NEWEST + 1}, 'tomorrow', timestamptz '2030-01-01 00:00:00Z')"
        )
    before = received(old)
    for read_only in (True, False):
        with (
            pytest.raises(UsageError, match=rf"format {NEWEST + 1}; this one knows {NEWEST}\): upgrade"),
            Warehouse.open(settings, read_only=read_only),
        ):
            pass
    assert received(old) == before
