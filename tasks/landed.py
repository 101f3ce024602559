"""What the warehouse keeps of runs beside their samples: that they landed, and their bad lines; and what became of them."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tasks.core.canonical import canonical_json
from tasks.core.recording import Reject
from tasks.core.runs import Run
from tasks.settings import Settings
from tasks.sql_files import models, statement
from tasks.tested import append
from tasks.warehouse import Warehouse


@dataclass(frozen=True)
class Landing:
    """What one landing brought: the runs to judge, the days and studies touched, new samples and bad lines."""

    unjudged: tuple[str, ...]
    days: tuple[dt.date, ...]
    studies: tuple[str, ...]
    new_samples: int
    rejects: tuple[Reject, ...] = ()
    source: str = ""


def left_behind(settings: Settings, but_not: Collection[str]) -> Landing:
    """The runs that landed and were then not judged or not counted, because their process was stopped."""
    with Warehouse.open(settings) as warehouse:
        has_counts = all(model.table != "mart.runs" for model in warehouse.unlike(models("mart")))
        names = ["unjudged_runs", *(["uncounted_runs"] if has_counts else [])]
        runs = [row for name in names for row in warehouse.rows(statement(f"land/{name}"))]
        studies = {row["run_id"]: row["study"] for row in runs if row["run_id"] not in but_not}
        days = warehouse.column(statement("landed/days_of_runs"), {"runs": list(studies)}) if studies else []
    return Landing(tuple(studies), tuple(days), tuple(sorted(set(studies.values()))), 0)


def malformed_samples(settings: Settings, run: Run) -> int:
    """How many answers of a run say that they are none: HTTP 200, and no JSON or no choices in it."""
    with Warehouse.open(settings, read_only=True) as warehouse:
        of = {"day": run.day, "run_id": run.run_id}
        return int(warehouse.column(statement("landed/malformed_samples"), of)[0])


def record_runs(
    warehouse: Warehouse, runs: Sequence[Run], landed_at: dt.datetime, *, has_news: bool, has_rejects: bool
) -> None:
    """Append what is new of the runs. An import adds nothing to what a run says of itself."""
    known = {(row["run_id"], row["kind"]): row for row in warehouse.rows(statement("landed/known_runs"))}
    rows = []
    for run in runs:
        before = known.get((run.run_id, run.kind))
        # An import that brings nothing is a copy of a file that landed.
        is_copy = run.kind == "import" and not has_rejects
        is_known = before and (run.kind == "import" or before["state"] == run.state)
        if (not has_news and (is_known or is_copy)) or (run.kind == "import" and (run.run_id, "run") in known):
            continue
        row = run.model_dump() | {"versions": canonical_json(run.versions), "landed_at": landed_at}
        if before:
            row["landed_at"] = later_than(before["landed_at"], landed_at)
        if before and run.kind == "import":
            # Another file of the same run.
            row["started_at"] = min(row["started_at"], before["started_at"])
            row["ended_at"] = max(row["ended_at"], before["ended_at"])
        rows.append(row)
    append(warehouse, "raw.runs", rows)


def later_than(before: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """`now`, or the next moment after `before` where a clock was ahead then: what is said last of a run stands last."""
    return now if before is None else max(now, before + dt.timedelta(microseconds=1))


def unjudged(warehouse: Warehouse, run_ids: Sequence[str], *, has_news: bool) -> tuple[str, ...]:
    """Those of the runs that landed whose rows nobody has judged as they are now."""
    known = {row["run_id"] for row in warehouse.rows(statement("landed/known_runs"))}
    stale = {row["run_id"] for row in warehouse.rows(statement("land/unjudged_runs"))}
    return tuple(run_id for run_id in run_ids if run_id in stale or (has_news and run_id in known))


def record_rejects(
    warehouse: Warehouse, run_id: str, file: str, rejects: Sequence[Reject], rejected_at: dt.datetime
) -> None:
    """Append the bad lines of a file that are not there yet."""
    if not rejects:
        return
    where = {"run_id": run_id, "file": file}
    known = {(row["line"], row["text"]) for row in warehouse.rows(statement("landed/known_rejects"), where)}
    news = [reject for reject in rejects if (reject.line, reject.text) not in known]
    append(warehouse, "raw.rejects", [{**where, **reject._asdict(), "rejected_at": rejected_at} for reject in news])
