"""What each day of a study showed, read from the marts some days at a time."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from tasks.core.change import Blocks, Observed
from tasks.core.deciding import ShownDay
from tasks.core.dependence import Repeats
from tasks.core.distances import TokenMeans
from tasks.core.grid import GridFit
from tasks.core.plan import SeriesKey
from tasks.sql_files import statement
from tasks.warehouse import Warehouse

DAYS_AT_ONCE = 20
# More than any decision looks back, but for gaps of weeks, whose days are read again.
DAYS_KEPT = 80
COMPARED = ("block", "logprob", "value_n", "completion_id", "completion_n", "token", "mean_logprob", "mean_minimum")


NOTHING = ShownDay("", Observed(None, Repeats(0, 0, 0.0), {}, None), {}, (), None)


class Shelf:
    """The days of one study. `coming`: the days that will be asked for, in order, so that some are read at once."""

    def __init__(self, warehouse: Warehouse, study: str, coming: Sequence[dt.date]) -> None:
        self._warehouse = warehouse
        self._study = study
        self._coming = coming
        self._days: dict[dt.date, dict[SeriesKey, ShownDay]] = {}

    def day(self, key: SeriesKey, day: dt.date) -> ShownDay:
        """What a series showed on a day."""
        if day not in self._days:
            self._read(day)
        return self._days[day].get(key, NOTHING)

    def _read(self, day: dt.date) -> None:
        wanted = [day, *(one for one in self._coming if one > day and one not in self._days)][:DAYS_AT_ONCE]
        self._days |= {one: {} for one in wanted}
        for row in self._warehouse.rows(statement("test/observed"), {"study": self._study, "days": wanted}):
            self._days[row["day"]][key_of(row)] = _shown(row)
        for oldest in sorted(self._days.keys() - set(wanted))[: max(0, len(self._days) - DAYS_KEPT)]:
            del self._days[oldest]


def key_of(row: Mapping[str, Any]) -> SeriesKey:
    """The series of a row."""
    return SeriesKey(row["study"], row["endpoint"], row["model"], row["arm"], row["prompt"])


def _shown(row: Mapping[str, Any]) -> ShownDay:
    content = orjson.dumps([row[name] for name in COMPARED])
    return ShownDay(
        content=hashlib.sha256(content).hexdigest()[:24],
        observed=Observed(
            values=_blocks(row) if row["logprob"] else None,
            repeats=Repeats(row["pairs"], row["repeats"], row["expected_repeats"]),
            completions=dict(zip(row["completion_id"], row["completion_n"], strict=True)),
            tokens=_tokens(row) if row["token"] else None,
        ),
        fingerprints=dict(zip(row["system_fingerprint"], row["fingerprint_n"], strict=True)),
        born=row["born"],
        grid=_grid(row) if row["lists"] else None,
    )


def _blocks(row: Mapping[str, Any]) -> Blocks:
    return Blocks(np.array(row["block"]), np.array(row["logprob"]), np.array(row["value_n"], dtype=float))


def _tokens(row: Mapping[str, Any]) -> TokenMeans:
    return TokenMeans(dict(zip(row["token"], row["mean_logprob"], strict=True)), row["mean_minimum"], row["observed"])


def _grid(row: Mapping[str, Any]) -> GridFit:
    return GridFit(row["lists"], row["gaps"], tuple(row["gaps_on_grid"]), tuple(row["lists_on_grid"]))
