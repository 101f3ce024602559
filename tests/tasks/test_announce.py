"""Which changes are news, and for how long."""

import datetime as dt
from pathlib import Path

import pytest

from tasks.aggregate import aggregate
from tasks.announce import keep_told, new_changes, run_named
from tasks.land import import_file
from tasks.settings import Settings
from tasks.warehouse import Warehouse

DATA = Path(__file__).parents[1] / "data"
NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
LAST = dt.date(2026, 10, 14)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A warehouse with three series whose server was changed on the 7th and the 11th of October."""
    made = Settings(warehouse=str(tmp_path_factory.mktemp("announce") / "warehouse.duckdb"))
    with Warehouse.open(made) as warehouse:
        aggregate(warehouse, import_file(warehouse, DATA / "local-coin.ndjson", NOW).days, [])
    return made


def news(settings: Settings, newest: dt.date) -> list[tuple[int, str]]:
    """Day of October and prompt of what nobody was told of."""
    (study,) = studies(settings)
    return [(row["day"].day, row["prompt"]) for row in new_changes(settings, {study, "another"}, newest)]


def studies(settings: Settings) -> list[str]:
    """The studies of the warehouse."""
    with Warehouse.open(settings, read_only=True) as warehouse:
        return [row["study"] for row in warehouse.rows("select distinct study from mart.series")]


def test_a_change_is_news_for_a_week_and_until_it_was_told(settings: Settings) -> None:
    """With its figures; what was told of one day leaves the other day's."""
    both = [(day, prompt) for day in (7, 11) for prompt in ("coin", "please", "toss")]
    assert news(settings, dt.date(2026, 10, 13)) == both
    assert news(settings, LAST) == both[3:]
    assert news(settings, dt.date(2026, 10, 18)) == []
    (study,) = studies(settings)
    rows = new_changes(settings, {study}, LAST)
    assert all(row["reason"] and row["wasserstein_pp"] > 0 and row["observed"] > 0 for row in rows)
    keep_told(settings, rows, "an-event", NOW)
    assert news(settings, dt.date(2026, 10, 13)) == both[:3]
    with Warehouse.open(settings) as warehouse:
        assert warehouse.rows("select count(*) as n, any_value(event_id) as id from raw.announcements") == [
            {"n": 3, "id": "an-event"}
        ]


def test_a_run_is_named_by_its_study(settings: Settings) -> None:
    """An import has no day of its own."""
    with Warehouse.open(settings, read_only=True) as warehouse:
        (run,) = warehouse.rows("select distinct run_id, study from raw.runs")
    assert run_named(settings, run["run_id"]) == {**run, "day": None}
