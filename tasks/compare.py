"""The stage that sets two sides side by side: gathers what both showed, has the core compare, and writes the page."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.compared import Compared, ComparedPair, SideOfPair, most_frequent
from reports.queries import index_rows
from reports.site import Site
from reports.view_compare import MOST_COMPLETIONS, MOST_PAIRS, compare_json, compare_page
from tasks.core.change import compare_sides
from tasks.core.comparison import Span, clusters
from tasks.core.errors import FlipbookError, UsageError
from tasks.core.grid import grid_step_nat
from tasks.core.plan import SeriesKey
from tasks.core.sides import Known, Side, paired, side
from tasks.export import marts
from tasks.settings import Settings
from tasks.shown_days import Shelf, key_of
from tasks.warehouse import Warehouse


@dataclass(frozen=True)
class Written:
    """A comparison that was written: its page, its sentences, and its figures for scripts."""

    page: Path
    sentences: list[str]
    figures: dict[str, Any]


def compare(settings: Settings, left: str, right: str) -> Written:
    """Compare two sides, written as tasks.core.sides.SYNTAX says, and write their page.

    Raises UsageError that lists what exists where a side is unknown or can be two things, and FlipbookError that names
    the page which cannot be written.
    """
    with marts(settings) as warehouse:
        compared = gather(warehouse, left, right)
        page = compare_page(compared, index_rows(warehouse.report).models)
    try:
        path = Site(settings.site).write(page)
    except OSError as error:
        where = error.filename or settings.site
        raise FlipbookError(f"The page {where} cannot be written: {error.strerror}.") from error
    return Written(path, page.view.summary, compare_json(compared))


def gather(warehouse: Warehouse, left: str, right: str) -> Compared:
    """What both sides showed, compared."""
    known = [Known(key_of(row), row["first_day"], row["last_day"]) for row in warehouse.report("compare_series")]
    pairing = paired(side(left, known), side(right, known), known)
    pairs = pairing.pairs[:MOST_PAIRS]
    lefts = _sides(warehouse, pairing.left, {pair.left for pair in pairs})
    rights = _sides(warehouse, pairing.right, {pair.right for pair in pairs})
    thresholds = {row["study"]: row["threshold_pp"] for row in warehouse.report("studies")}
    threshold = thresholds[pairing.left.study]
    made = [
        _compared(lefts[p.left], rights[p.right], threshold) for p in pairs if p.left in lefts and p.right in rights
    ]
    if not made:
        raise UsageError(
            f"{pairing.left.text!r} and {pairing.right.text!r} have no two series with samples on both sides."
        )
    return Compared(
        left=pairing.left,
        right=pairing.right,
        pairs=made,
        only_left=pairing.only_left,
        only_right=pairing.only_right,
        texts=_texts(warehouse, made),
        is_simulated=_is_simulated(warehouse, {pairing.left.study, pairing.right.study}),
    )


def _compared(left: SideOfPair, right: SideOfPair, threshold_pp: float) -> ComparedPair:
    seed = "/".join([*left.key, *right.key, *(day.isoformat() for one in (left, right) for day in one.days)])
    found = clusters(left.span.values, right.span.values, threshold_pp)
    compared = compare_sides(left.span.days, right.span.days, seed=seed, are_same_days=left.days == right.days)
    return ComparedPair(left, right, compared, found)


def _sides(warehouse: Warehouse, asked: Side, keys: Collection[SeriesKey]) -> dict[SeriesKey, SideOfPair]:
    """The series of a side that have days in it."""
    rows: dict[SeriesKey, list[Mapping[str, Any]]] = {}
    for row in warehouse.report("compare_requests", {"study": asked.study}):
        key = key_of({**row, "study": asked.study})
        if key in keys and asked.has(row["day"]):
            rows.setdefault(key, []).append(row)
    shelf = Shelf(warehouse, asked.study, sorted({row["day"] for mine in rows.values() for row in mine}))
    return {key: _side(shelf, key, mine) for key, mine in rows.items()}


def _side(shelf: Shelf, key: SeriesKey, rows: Sequence[Mapping[str, Any]]) -> SideOfPair:
    """One series on its days, which are compared within their last request alone."""
    last = rows[-1]
    mine = [row for row in rows if (row["request_id"], row["follow"]) == (last["request_id"], last["follow"])]
    shown = [shelf.day(key, row["day"]) for row in mine]
    grids = [day.grid for day in shown if day.grid]
    return SideOfPair(
        key=key,
        days=[row["day"] for row in mine],
        span=Span([day.observed for day in shown]),
        calls=sum(row["samples"] for row in mine),
        failures=sum(row["failures"] for row in mine),
        request_id=last["request_id"],
        request=last["request"],
        edited_on=mine[0]["day"] if len(mine) < len(rows) else None,
        fingerprints=_distinct(name for day in shown for name in day.fingerprints if name),
        grid_step_nat=grid_step_nat(grids) if grids else None,
    )


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _texts(warehouse: Warehouse, pairs: Sequence[ComparedPair]) -> dict[str, str]:
    shown = {
        completion
        for pair in pairs
        for completion in most_frequent(pair.left.span.completions, pair.right.span.completions, MOST_COMPLETIONS)
    }
    rows = warehouse.report("compare_texts", {"completions": sorted(shown)})
    return {row["completion_id"]: row["text"] for row in rows}


def _is_simulated(warehouse: Warehouse, studies: Collection[str]) -> bool:
    return any(row["is_simulated"] for row in warehouse.report("studies") if row["study"] in studies)
