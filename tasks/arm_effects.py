"""Which setting of a 2 x 2 moves embedding distances: gathers the arms' completions, has the core ask, keeps what it says."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from tasks.core.arms import Settings, settings
from tasks.core.canonical import canonical_json, digest
from tasks.core.factorial import PERMUTATIONS, Effect, EmbeddedDay, Floats, distance_effect
from tasks.core.plan import SeriesKey
from tasks.shown_days import key_of
from tasks.sql_files import statement
from tasks.tested import Tested, keep
from tasks.warehouse import Warehouse

# With every change of how it is asked.
METHOD = 1
DAYS_BACK = 28
# Of the newest days, as many as have no more different completions than this in all arms: each is a vector in memory.
MOST_COMPLETIONS = 5_000

NAME = "distance effect: {}"
SIDES = ("distance effect first: {}", "distance effect second: {}")
# What went in where nothing does any longer: the design is another, say.
NOTHING = ""

Row = Mapping[str, Any]
Units = Mapping[str, Floats]


def run(warehouse: Warehouse, *, again: bool = False) -> None:
    """Ask it of each study, model and prompt where something else goes in now, or `again` of all.

    Reads mart.series, mart.runs, mart.divergence_by_day, mart.distance_inputs_by_day and raw.embeddings, and appends
    the difference with its p-value, and the mean distance at either level, to raw.tests, by the names above. All are null
    where there is nothing to compare, or not any longer.
    """
    designs = _designs(warehouse)
    latest = {
        (key_of(row), row["test"]): row["input_hash"] for row in warehouse.rows(statement("agreement/latest_effects"))
    }
    rows = warehouse.rows(statement("agreement/arm_days"), {"days_back": DAYS_BACK})
    tested, asked = [], set()
    for (study, endpoint, model, prompt), of_group in groupby(rows, _GROUP):
        made, days, key = designs[study], _newest(list(of_group)), SeriesKey(study, endpoint, model, "", prompt)
        for field in made.factors or ():
            asked.add((key, NAME.format(field)))
            found = _hash(key, field, made, days)
            if again or latest.get((key, NAME.format(field))) != found:
                pairs = _pairs(made, field, days, _units(warehouse, days)) if days else []
                effect = distance_effect(pairs, found) if pairs else None
                tested += _tested(found, key, field, effect)
    for key, name in latest.keys() - asked:
        if latest[key, name] != NOTHING:
            tested += _tested(NOTHING, key, name.removeprefix(NAME.format("")), None)
    keep(warehouse, tested, dt.datetime.now(dt.UTC))


_GROUP = itemgetter("study", "endpoint", "model", "prompt")


def _designs(warehouse: Warehouse) -> dict[str, Settings]:
    """What the arms of each study that embeds completions set."""
    designs = {}
    for study, rows in groupby(warehouse.rows(statement("agreement/designs")), itemgetter("study")):
        arms = list(rows)
        configuration = arms[0]["configuration"]
        requests = {row["arm"]: row["request"] for row in arms}
        designs[study] = settings(requests, json.loads(configuration) if configuration else None)
    return designs


def _newest(rows: Sequence[Row]) -> list[Row]:
    """The newest days of a group, whole ones, of which the rows come first: those that memory has room for."""
    completions = 0
    for place, row in enumerate(rows):
        completions += len(row["completion_ids"])
        if completions > MOST_COMPLETIONS:
            return [one for one in rows[:place] if one["day"] != row["day"]]
    return list(rows)


def _hash(key: SeriesKey, field: str, made: Settings, days: Sequence[Row]) -> str:
    shown = [
        [row["day"].isoformat(), row["arm"], row["embedding_model"], row["completion_ids"], row["counts"]]
        for row in days
    ]
    return digest(canonical_json([METHOD, *key, field, made.pairs(field), shown]))


def _units(warehouse: Warehouse, days: Sequence[Row]) -> Units:
    """The completions' embeddings as unit vectors; none of all where one has no direction, or another length."""
    (endpoint, model) = days[0]["endpoint"], days[0]["embedding_model"]
    ids = sorted({completion for row in days for completion in row["completion_ids"]})
    of = {"endpoint": endpoint, "embedding_model": model, "completion_ids": ids}
    vectors = {
        row["completion_id"]: np.array(row["embedding"]) for row in warehouse.rows(statement("agreement/vectors"), of)
    }
    lengths = {one: float(np.linalg.norm(vector)) for one, vector in vectors.items()}
    if len({vector.shape for vector in vectors.values()}) != 1 or not all(
        0 < length < np.inf for length in lengths.values()
    ):
        return {}
    return {one: vector / lengths[one] for one, vector in vectors.items()}


def _pairs(made: Settings, field: str, days: Sequence[Row], units: Units) -> list[list[EmbeddedDay]]:
    """The days that both arms of a pair have, at each level of the other field."""
    cells = {(row["arm"], row["day"]): dict(zip(row["completion_ids"], row["counts"], strict=True)) for row in days}
    dates = sorted({row["day"] for row in days})
    return [
        [
            _day(cells[first, day], cells[second, day], units)
            for day in dates
            if {(first, day), (second, day)} <= cells.keys()
        ]
        for first, second in made.pairs(field)
        if units
    ]


def _day(first: Mapping[str, int], second: Mapping[str, int], units: Units) -> EmbeddedDay:
    ids = sorted({*first, *second})
    counts = (np.array([arm.get(one, 0) for one in ids], dtype=np.int64) for arm in (first, second))
    return EmbeddedDay(np.stack([units[one] for one in ids]), *counts)


def _tested(found: str, key: SeriesKey, field: str, effect: Effect | None) -> list[Tested]:
    if effect is None:
        return [Tested(found, key, None, name.format(field), None) for name in (NAME, *SIDES)]
    return [
        Tested(found, key, None, NAME.format(field), effect.difference, effect.p_value, PERMUTATIONS),
        *(
            Tested(found, key, None, name.format(field), side)
            for name, side in zip(SIDES, (effect.first, effect.second), strict=True)
        ),
    ]
