"""One order of series for a whole page: models and questions as the index has them, arms as the study has them."""

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeVar

from reports.rows import InSeries, SeriesRow
from tasks.core.plan import SeriesKey

D = TypeVar("D")


def by_arm(series: Sequence[SeriesRow], arms: Sequence[str]) -> list[SeriesRow]:
    """The series with the arms of each model and question together, in the order of `arms`; of one arm, as they come."""
    if len({row.arm for row in series}) < 2:
        return list(series)
    first_seen: dict[SeriesKey, int] = {}
    for row in series:
        first_seen.setdefault(row.key._replace(arm=""), len(first_seen))
    places = {arm: place for place, arm in enumerate(arms)}
    return sorted(series, key=lambda row: (first_seen[row.key._replace(arm="")], places[row.arm]))


def in_order(rows: D, series: Sequence[SeriesRow]) -> D:
    """Rows of a page (a dataclass of lists, or of such) with every list of rows by series in the order of `series`."""
    places = {row.key: place for place, row in enumerate(series)}

    def put(value: Any) -> Any:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: put(getattr(value, field.name)) for field in dataclasses.fields(value)}
            return dataclasses.replace(value, **fields)
        if isinstance(value, list) and value and isinstance(value[0], InSeries):
            return sorted(value, key=lambda row: places.get(row.key, len(places)))
        return value

    ordered: D = put(rows)
    return ordered
