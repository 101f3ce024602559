"""What operators were told of: the changes that are news, and that they are none any more."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from tasks.core.plan import SeriesKey
from tasks.settings import Settings
from tasks.sql_files import statement
from tasks.tested import append
from tasks.warehouse import Warehouse

Row = dict[str, Any]


def new_changes(settings: Settings, studies: Collection[str], newest: dt.date) -> list[Row]:
    """The changes of `studies` in the seven days up to `newest` that nobody was told of: a row a series and day."""
    parameters = {"studies": sorted(studies), "newest": newest}
    with Warehouse.open(settings, read_only=True) as warehouse:
        return warehouse.rows(statement("announce/new_changes"), parameters)


def keep_told(settings: Settings, changes: Sequence[Row], event_id: str, announced_at: dt.datetime) -> None:
    """From now on, nobody is told of these changes again."""
    told = {"event_id": event_id, "announced_at": announced_at}
    rows = [{column: change[column] for column in (*SeriesKey._fields, "day")} | told for change in changes]
    with Warehouse.open(settings) as warehouse:
        append(warehouse, "raw.announcements", rows)


def run_named(settings: Settings, run_id: str) -> Row:
    """The study and the day of a run that landed."""
    with Warehouse.open(settings, read_only=True) as warehouse:
        return warehouse.rows(statement("announce/study"), {"run_id": run_id})[0]
