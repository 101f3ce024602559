"""The aggregate stage: what it touches, and that a rebuild agrees with it."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tasks.warehouse
from tasks.aggregate import aggregate, aggregate_days, rebuild, rebuild_marts
from tasks.check import check_run
from tasks.judging import Judging
from tasks.settings import Settings
from tasks.sql_files import models
from tasks.warehouse import Warehouse

MakeLine = Callable[..., dict[str, Any]]
Land = Callable[..., Any]
NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
GPT_4O = ("openai", "gpt-4o", 2.5, 10.0)


def contents(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    """Every mart's rows, in order."""
    return {model.table: warehouse.rows(f"from {model.table} order by all") for model in models("mart")}


def lines_of(line: MakeLine, days: range) -> list[dict[str, Any]]:
    """Three samples a day of March."""
    return [line(f"2026-03-{day:02}", top={"Heads": pct, "T": 1.0}) for day in days for pct in (90.0, 90.0, 80.0)]


def test_a_rebuild_gives_what_the_days_gave(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """Day after day or all at once: the same marts, to the last digit."""
    for first in range(1, 9, 2):
        aggregate(warehouse, land(lines_of(line, range(first, first + 2))).days, [GPT_4O])
    by_days = contents(warehouse)
    rebuild(warehouse, [GPT_4O])
    assert contents(warehouse) == by_days


def test_a_rebuild_in_chunks_is_the_same(
    warehouse: Warehouse, land: Land, line: MakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many days are read at once."""
    aggregate(warehouse, land(lines_of(line, range(1, 8))).days, [])
    whole = contents(warehouse)
    monkeypatch.setattr(tasks.warehouse.shared, "DAYS_AT_ONCE", 2)
    rebuild(warehouse, [])
    assert contents(warehouse) == whole


def test_other_days_are_left_alone(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """Samples of a day that is not named wait for their turn."""
    land(lines_of(line, range(1, 4)))
    aggregate(warehouse, [dt.date(2026, 3, 2)], [])
    assert [row["day"].day for row in warehouse.rows("select day from mart.spread_by_day")] == [2]


def test_a_run_that_is_withheld_later_leaves_every_day(
    warehouse: Warehouse, land: Land, line: MakeLine, judging: Judging
) -> None:
    """Also the days of its first recording, when only its second one is what breaks the rule."""
    first = land([line("2026-03-01", run_id="r"), line("2026-03-01", run_id="other")])
    for run_id in first.unjudged:
        check_run(warehouse, run_id, NOW, judging)
    aggregate(warehouse, first.days, [])
    second = land([line("2026-03-02", run_id="r", model="llama-3")])
    check_run(warehouse, "r", NOW + dt.timedelta(hours=1), judging)
    aggregate(warehouse, second.days, [])
    counts = warehouse.rows("select day, n from mart.value_counts_by_day")
    assert counts == [{"day": dt.date(2026, 3, 1), "n": 1}]


@pytest.mark.parametrize("made", ["view mart.series as select 1 as x", "table mart.spread_by_day as select 1 as x"])
def test_marts_of_another_version_are_made_again_from_all_samples(
    made: str, warehouse: Warehouse, land: Land, line: MakeLine
) -> None:
    """One was a view and is a table, or the other way round; one was not there."""
    aggregate(warehouse, land(lines_of(line, range(1, 4))).days, [GPT_4O])
    whole = contents(warehouse)
    for make in (aggregate, lambda warehouse, _, prices: rebuild(warehouse, prices)):
        kind, table = made.split()[:2]
        warehouse.execute(f"drop {'table' if kind == 'view' else 'view'} {table}")
        warehouse.execute(f"create {made}")
        warehouse.execute("drop table mart.value_counts_by_day")
        make(warehouse, [dt.date(2026, 3, 3)], [GPT_4O])
        assert contents(warehouse) == whole


def test_an_empty_warehouse_has_empty_marts(warehouse: Warehouse) -> None:
    """Neither stage minds having nothing to do."""
    aggregate(warehouse, [], [])
    rebuild(warehouse, [])
    assert all(rows == [] for rows in contents(warehouse).values())


def test_it_is_all_or_nothing(
    warehouse: Warehouse, land: Land, line: MakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails half way leaves the marts as they were."""
    aggregate(warehouse, land(lines_of(line, range(1, 2))).days, [])
    before = contents(warehouse)
    days = land(lines_of(line, range(2, 3))).days
    execute = Warehouse.execute

    def fail_at_series(self: Warehouse, sql: str, parameters: Any = None) -> None:
        if "mart.series as" in sql:
            raise OSError("the disk is full")
        execute(self, sql, parameters)

    monkeypatch.setattr(Warehouse, "execute", fail_at_series)
    with pytest.raises(OSError, match="disk"):
        aggregate(warehouse, days, [])
    assert contents(warehouse) == before


def test_as_a_task_it_opens_the_warehouse_itself(tmp_path: Path) -> None:
    """The task is a thin cover; so is the rebuild that the command line calls."""
    settings = Settings(warehouse=str(tmp_path / "own.duckdb"))
    aggregate_days.fn(settings, [], [GPT_4O])
    rebuild_marts(settings, [GPT_4O])
    with Warehouse.open(settings) as warehouse:
        assert warehouse.rows("from mart.series") == []
