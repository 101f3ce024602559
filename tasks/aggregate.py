"""The aggregate stage: the marts of the new days from their samples, and everything else from the counts."""

import datetime as dt
from collections.abc import Iterable, Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.settings import Settings
from tasks.warehouse import Warehouse, in_chunks, models

# Endpoint, model, dollars per million tokens in and out.
PriceRow = tuple[str, str, float, float]

PRICES = """
create or replace temp table prices (
    endpoint varchar,
    model varchar,
    input_usd_per_million double,
    output_usd_per_million double
)
"""


def aggregate(warehouse: Warehouse, days: Iterable[dt.date], prices: Sequence[PriceRow]) -> None:
    """Make the marts that go by day again for `days`, and all the others whole. All or nothing.

    The days of a run that is judged differently than before have to be among `days`. A model that `prices` does not
    name has an unknown cost.
    """
    with warehouse.transaction():
        _declare(warehouse, prices)
        thresholds = _thresholds(warehouse)
        warehouse.make("mart", sorted(set(days)))
        if restated := _days_restated(warehouse, thresholds):
            warehouse.make("mart", restated)


def rebuild_marts(settings: Settings, prices: Sequence[PriceRow]) -> None:
    """Make every mart again from all samples. All or nothing."""
    with Warehouse.open(settings) as warehouse:
        rebuild(warehouse, prices)


def rebuild(warehouse: Warehouse, prices: Sequence[PriceRow]) -> None:
    """Make every mart again from all samples, in an open warehouse. All or nothing."""
    days = [row["day"] for row in warehouse.rows("select distinct day from raw.calls order by day")]
    with warehouse.transaction():
        _declare(warehouse, prices)
        for model in models("mart"):
            warehouse.drop(model)
            for chunk in in_chunks(days) if model.made_anew and days else [[]]:
                warehouse.make_model(model, chunk)


def _thresholds(warehouse: Warehouse) -> dict[str, list[float]]:
    """The cluster thresholds of each study, as the marts have them; none before there are marts."""
    known = "select 1 from information_schema.tables where table_schema = 'mart' and table_name = 'thresholds_by_study'"
    if not warehouse.rows(known):
        return {}
    listed = "select study, list(threshold_pp order by threshold_pp) as pp from mart.thresholds_by_study group by study"
    return {row["study"]: row["pp"] for row in warehouse.rows(listed)}


def _days_restated(warehouse: Warehouse, before: dict[str, list[float]]) -> list[dt.date]:
    """All days of the studies that are clustered at other thresholds now than `before`."""
    studies = [study for study, pp in _thresholds(warehouse).items() if before.get(study, pp) != pp]
    listed = "select distinct day from mart.calls_by_day where study in (select unnest($studies)) order by day"
    return [row["day"] for row in warehouse.rows(listed, {"studies": studies})] if studies else []


def _declare(warehouse: Warehouse, prices: Sequence[PriceRow]) -> None:
    warehouse.execute(PRICES)
    if prices:
        warehouse.connection.executemany("insert into prices values (?, ?, ?, ?)", prices)


@task(name="aggregate", cache_policy=NO_CACHE, retries=0, persist_result=False)
def aggregate_days(settings: Settings, days: Sequence[dt.date], prices: Sequence[PriceRow]) -> None:
    """`aggregate`, in the warehouse of `settings`."""
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, days, prices)
