"""The aggregate stage: the marts of the new days from their samples, and everything else from the counts."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.settings import Settings
from tasks.sql_files import models
from tasks.warehouse import Warehouse, in_chunks

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

THRESHOLDS = "select study, list(threshold_pp order by threshold_pp) as pp from mart.thresholds_by_study group by study"
WITHHELD = "select distinct run_id from mart.quality_by_run where severity = 'critical' and not success"
DAYS_OF = """
    select day from mart.calls_by_day where study in (select unnest($studies::varchar[]))
    union
    select day from mart.runs_by_day where run_id in (select unnest($runs::varchar[]))
"""


def aggregate(warehouse: Warehouse, days: Iterable[dt.date], prices: Sequence[PriceRow]) -> None:
    """Make the marts that go by day again for `days`, and all the others whole. All or nothing.

    So are the other days of a run that is withheld now and was not, or the other way round, and of a study with other
    thresholds; and everything, where another version of Flipbook made the marts. A model that `prices` does not name
    has an unknown cost.
    """
    with warehouse.transaction():
        _declare(warehouse, prices)
        if 0 < len(warehouse.unlike(models("mart"))) < len(models("mart")):
            _make_all(warehouse)
        else:
            _make_days(warehouse, set(days))


def rebuild_marts(settings: Settings, prices: Sequence[PriceRow]) -> None:
    """Make every mart again from all samples. All or nothing."""
    with Warehouse.open(settings) as warehouse:
        rebuild(warehouse, prices)


def rebuild(warehouse: Warehouse, prices: Sequence[PriceRow]) -> None:
    """Make every mart again from all samples, in an open warehouse. All or nothing."""
    with warehouse.transaction():
        _declare(warehouse, prices)
        _make_all(warehouse)


def _make_days(warehouse: Warehouse, days: set[dt.date]) -> None:
    before = _judged(warehouse)
    warehouse.make("mart", sorted(days))
    if restated := _days_restated(warehouse, before) - days:
        warehouse.make("mart", sorted(restated))


def _make_all(warehouse: Warehouse) -> None:
    days = [row["day"] for row in warehouse.rows("select distinct day from raw.calls order by day")]
    warehouse.drop(models("mart"))
    for model in models("mart"):
        for chunk in in_chunks(days) if model.made_anew and days else [[]]:
            warehouse.make_model(model, chunk)


@dataclass(frozen=True)
class _Judged:
    """What the counts of old days hang on: each study's thresholds, and the runs that are withheld."""

    thresholds: dict[str, list[float]]
    withheld: set[str]


def _judged(warehouse: Warehouse) -> _Judged:
    """As the marts have it; nothing before there are marts."""
    if warehouse.unlike(models("mart")):
        return _Judged({}, set())
    return _Judged(
        {row["study"]: row["pp"] for row in warehouse.rows(THRESHOLDS)},
        {row["run_id"] for row in warehouse.rows(WITHHELD)},
    )


def _days_restated(warehouse: Warehouse, before: _Judged) -> set[dt.date]:
    """All days of the studies and runs of which other rows or other thresholds count now than `before`."""
    now = _judged(warehouse)
    studies = [study for study, pp in now.thresholds.items() if before.thresholds.get(study, pp) != pp]
    runs = sorted(now.withheld ^ before.withheld)
    return {row["day"] for row in warehouse.rows(DAYS_OF, {"studies": studies, "runs": runs})}


def _declare(warehouse: Warehouse, prices: Sequence[PriceRow]) -> None:
    warehouse.execute(PRICES)
    if prices:
        warehouse.connection.executemany("insert into prices values (?, ?, ?, ?)", prices)


@task(name="aggregate", cache_policy=NO_CACHE, retries=0, persist_result=False)
def aggregate_days(settings: Settings, days: Sequence[dt.date], prices: Sequence[PriceRow]) -> None:
    """`aggregate`, in the warehouse of `settings`."""
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, days, prices)
