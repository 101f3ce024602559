"""The aggregate stage: the marts of the new days from their samples, and everything else from the counts."""

import datetime as dt
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks import agreement, arm_effects, association, drift, effects
from tasks.settings import Settings
from tasks.sql_files import Model, models, models_after_tests, models_before_tests, statement
from tasks.warehouse import Warehouse, in_chunks

# Endpoint, model, dollars per million tokens in and out.
PriceRow = tuple[str, str, float, float]
# Study, and the answer pattern that the catalogue has for it.
PatternRow = tuple[str, str]


def aggregate(
    warehouse: Warehouse,
    days: Iterable[dt.date],
    prices: Sequence[PriceRow],
    patterns: Sequence[PatternRow] = (),
) -> list[dt.date]:
    """Make the marts that go by day again for `days`, and all the others whole. All or nothing.

    So are the other days of a run that is withheld now and was not, or the other way round; of a study with other
    thresholds or another answer pattern; and those whose completions got embeddings since; and everything, where another
    version of Flipbook made the marts. Returns the days that were made for what is new. A model that `prices` does not
    name has an unknown cost. `patterns` are for studies that are known from imports alone.
    """
    new_days = set(days)
    with warehouse.transaction("counting"):
        declare(warehouse, prices, patterns)
        if 0 < len(warehouse.unlike(models("mart"))) < len(models("mart")):
            _make_all(warehouse)
        else:
            new_days = _make_days(warehouse, new_days)
    return sorted(new_days)


def rebuild_marts(
    settings: Settings, prices: Sequence[PriceRow], patterns: Sequence[PatternRow] = (), *, tests: bool = False
) -> None:
    """Make every mart again from all samples. All or nothing."""
    with Warehouse.open(settings) as warehouse:
        rebuild(warehouse, prices, patterns, tests=tests)


def rebuild(
    warehouse: Warehouse, prices: Sequence[PriceRow], patterns: Sequence[PatternRow] = (), *, tests: bool = False
) -> None:
    """Make every mart again from all samples, in an open warehouse. All or nothing.

    What was tested before is not tested again, unless `tests`.
    """
    with warehouse.transaction("counting"):
        declare(warehouse, prices, patterns)
        _make_all(warehouse, again=tests)


def _make_days(warehouse: Warehouse, days: set[dt.date]) -> set[dt.date]:
    before = _judged(warehouse)
    embedded = _days_embedded(warehouse) - days
    _make_counts(warehouse, sorted(days))
    if restated := _days_restated(warehouse, before) - days:
        _make_counts(warehouse, sorted(restated))
    if embedded := embedded - restated:
        # Their samples are as they were.
        _make_models(warehouse, [model for model in models_before_tests() if model.reads_embeddings], sorted(embedded))
    run_tests(warehouse, days | restated, embedded)
    every = days | restated | embedded
    _make_models(warehouse, models_after_tests(), sorted(every))
    return every


def _make_counts(warehouse: Warehouse, days: Sequence[dt.date]) -> None:
    _make_models(warehouse, models_before_tests(), days)


def _make_models(warehouse: Warehouse, made: Sequence[Model], days: Sequence[dt.date]) -> None:
    for model in made:
        warehouse.make_model(model, days)


def _make_all(warehouse: Warehouse, *, again: bool = False) -> None:
    days = warehouse.column(statement("land/all_days"))
    warehouse.drop(models("mart"))
    for model in models_before_tests():
        make_in_chunks(warehouse, model, days)
    run_tests(warehouse, set(days), again=again)
    for model in models_after_tests():
        make_in_chunks(warehouse, model, days)


def make_in_chunks(warehouse: Warehouse, model: Model, days: Sequence[dt.date]) -> None:
    """Make one model for all `days`, some at a time where it is made of a day's samples."""
    for chunk in in_chunks(days) if model.reads_samples and days else [days]:
        warehouse.make_model(model, chunk)


def run_tests(
    warehouse: Warehouse, days: set[dt.date], embedded: Set[dt.date] = frozenset(), *, again: bool = False
) -> None:
    """What SQL cannot say, from the counts of the days: the core computes it, and raw keeps it.

    Of the `embedded` days the embeddings alone are new.
    """
    drift.run(warehouse, days, again=again)
    association.run(warehouse, again=again)
    effects.run(warehouse, again=again)
    agreement.run(warehouse, days | embedded, again=again)
    arm_effects.run(warehouse, again=again)


@dataclass(frozen=True)
class _Judged:
    """What the counts of old days hang on: each study's settings, and the runs that are withheld."""

    settings: dict[str, object]
    withheld: set[str]


def _judged(warehouse: Warehouse) -> _Judged:
    """As the marts have it; nothing before there are marts."""
    if warehouse.unlike(models("mart")):
        return _Judged({}, set())
    return _Judged(
        {row["study"]: row for row in warehouse.rows(statement("aggregate/settings"))},
        set(warehouse.column(statement("aggregate/withheld_runs"))),
    )


def _days_restated(warehouse: Warehouse, before: _Judged) -> set[dt.date]:
    """All days of the studies and runs of which other rows or other settings count now than `before`."""
    now = _judged(warehouse)
    studies = [study for study, row in now.settings.items() if before.settings.get(study, row) != row]
    runs = sorted(now.withheld ^ before.withheld)
    return set(warehouse.column(statement("aggregate/days_of"), {"studies": studies, "runs": runs}))


def _days_embedded(warehouse: Warehouse) -> set[dt.date]:
    """The days of which some completions were embedded, or refused, since they were counted; none before there are marts."""
    if warehouse.unlike(models("mart")):
        return set()
    return set(warehouse.column(statement("aggregate/embedded_days")))


def declare(warehouse: Warehouse, prices: Sequence[PriceRow], patterns: Sequence[PatternRow]) -> None:
    """What the marts read that no sample says: prices, patterns, and a macro, for as long as the connection is open."""
    for name in ("aggregate/prices", "aggregate/patterns", "macros/shared_characters"):
        warehouse.execute(statement(name))
    if prices:
        warehouse.connection.executemany("insert into prices values (?, ?, ?, ?)", prices)
    if patterns:
        warehouse.connection.executemany("insert into patterns values (?, ?)", patterns)


@task(name="aggregate", task_run_name="aggregate", cache_policy=NO_CACHE, retries=0, persist_result=False)
def aggregate_days(
    settings: Settings, days: Sequence[dt.date], prices: Sequence[PriceRow], patterns: Sequence[PatternRow] = ()
) -> list[dt.date]:
    """`aggregate`, in the warehouse of `settings`."""
    with Warehouse.open(settings) as warehouse:
        return aggregate(warehouse, days, prices, patterns)
