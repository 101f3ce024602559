"""Day against day: gathers what the days of a study showed, has the core compare and decide, and keeps what it says."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any

from tasks.core.change import Comparison, Figure
from tasks.core.deciding import Deciding
from tasks.core.drift import HISTORY_DAYS, Decision
from tasks.core.plan import Asked, SeriesKey
from tasks.shown_days import Shelf, key_of
from tasks.sql_files import statement
from tasks.tested import Tested, append, keep
from tasks.warehouse import Warehouse


def run(warehouse: Warehouse, days: Collection[dt.date], *, again: bool = False) -> None:
    """Decide `days` anew in each study that has them, and all its days after them; and what nobody decided yet.

    What was compared before, of the same values, is not compared again, unless `again`.
    """
    decided_at = dt.datetime.now(dt.UTC)
    for row in warehouse.rows(statement("test/changed_studies"), {"days": sorted(days)}):
        _decide(warehouse, row["study"], row["first_day"], decided_at, again=again)


def _decide(warehouse: Warehouse, study: str, first: dt.date, decided_at: dt.datetime, *, again: bool) -> None:
    of = {"study": study, "first": first, "most": HISTORY_DAYS}
    asked = _by_day(warehouse.rows(statement("test/series_days"), of))
    history = warehouse.rows(statement("test/history"), of)
    deciding = Deciding(
        Shelf(warehouse, study, sorted({row["day"] for row in history} | asked.keys())).day,
        _histories(history),
        {} if again else _known(warehouse.rows(statement("test/known"), of)),
    )
    decisions = [decision for day, series in asked.items() for decision in deciding.day(day, series)]
    tested = [
        Tested(found, key, day, one.name, one.statistic, one.p_value, one.permutations)
        for found, (key, day, comparison) in deciding.made.items()
        for one in comparison.figures.values()
    ]
    keep(warehouse, tested, decided_at)
    before = {tuple(row[name] for name in _STORED) for row in warehouse.rows(statement("test/decided"), of)}
    rows = [{name: row[name] for name in _STORED} for row in map(_row, decisions)]
    news = [row | {"decided_at": decided_at} for row in rows if tuple(row.values()) not in before]
    append(warehouse, "raw.decisions", news)


def _row(decision: Decision) -> dict[str, Any]:
    return decision.key._asdict() | {name: getattr(decision, name) for name in _NAMES}


# A decision's columns beside those of its series. The marts say which token was followed.
_NAMES = [field.name for field in fields(Decision) if field.name != "key"]
_STORED = [name for name in (*SeriesKey._fields, *_NAMES) if name != "follow"]


def _by_day(rows: Iterable[Mapping[str, Any]]) -> dict[dt.date, dict[SeriesKey, Asked]]:
    days: dict[dt.date, dict[SeriesKey, Asked]] = {}
    for row in rows:
        days.setdefault(row["day"], {})[key_of(row)] = Asked(row["request_id"], row["follow"])
    return days


def _histories(rows: Iterable[dict[str, Any]]) -> dict[SeriesKey, list[Decision]]:
    histories: dict[SeriesKey, list[Decision]] = {}
    for row in rows:
        key = key_of(row)
        histories.setdefault(key, []).append(Decision(key=key, **{name: row[name] for name in _NAMES}))
    return histories


def _known(rows: Iterable[Mapping[str, Any]]) -> dict[str, Comparison]:
    figures: dict[str, dict[str, Figure]] = {}
    for row in rows:
        figure = Figure(row["test"], row["statistic"], row["p_value"], row["permutations"])
        figures.setdefault(row["input_hash"], {})[figure.name] = figure
    return {found: Comparison(of) for found, of in figures.items()}
