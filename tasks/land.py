"""The landing stage: from recordings into the warehouse, each sample exactly once.

A landing is two transactions. The first appends what was received, verbatim; the second types the bodies that are new.
A process killed between them leaves samples without types, and landing the same files again finishes the second.
"""

import datetime as dt
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.core.canonical import canonical_json, request_id
from tasks.core.recording import Reject
from tasks.core.runs import Run
from tasks.recordings import CleanRecording, clean, refuse_unreadable
from tasks.settings import Settings
from tasks.sql_files import statement
from tasks.warehouse import Warehouse, in_chunks

# Bad lines by the name of their file.
Rejects = Mapping[str, Sequence[Reject]]

# How a line shows that it is not as the spool writes it: no JSON, a wrong type, no request, a null where none may be.
_NOT_AS_WRITTEN = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.ConstraintException,
    ValueError,
)


_KNOWN_RUNS = """
    select run_id, kind, min(started_at) as started_at, max(ended_at) as ended_at
    from raw.runs
    group by run_id, kind
"""


@dataclass(frozen=True)
class Landing:
    """What one landing brought: the runs to judge, the days and studies touched, new samples and bad lines."""

    unjudged: tuple[str, ...]
    days: tuple[dt.date, ...]
    studies: tuple[str, ...]
    new_samples: int
    rejects: tuple[Reject, ...] = ()
    source: str = ""


@task(name="land", cache_policy=NO_CACHE, persist_result=False, task_run_name="land {run.run_id}")
def land_spool(settings: Settings, run: Run, files: Sequence[Path], landed_at: dt.datetime) -> Landing:
    """Land the spool of one run."""
    with Warehouse.open(settings) as warehouse:
        return land_run(warehouse, run, files, landed_at)


@task(name="import", cache_policy=NO_CACHE, persist_result=False, task_run_name="import {source.name}")
def land_recording(settings: Settings, source: Path, landed_at: dt.datetime) -> Landing:
    """Land a recording from elsewhere."""
    refuse_unreadable(source)
    with Warehouse.open(settings) as warehouse:
        return import_file(warehouse, source, landed_at)


def land_run(warehouse: Warehouse, run: Run, files: Sequence[Path], landed_at: dt.datetime) -> Landing:
    """Land one run's spool files. A file that is not as the spool writes it is read as others' recordings are."""
    files = [file for file in files if file.stat().st_size]
    try:
        return _land(warehouse, [run], files, {}, landed_at)
    except _NOT_AS_WRITTEN:
        with tempfile.TemporaryDirectory(dir=warehouse.path.parent) as folder:
            recordings = [clean(file, Path(folder) / f"{index}.ndjson") for index, file in enumerate(files)]
            return _land(warehouse, [run], *_good_and_bad(recordings), landed_at)


def import_file(warehouse: Warehouse, source: Path, landed_at: dt.datetime) -> Landing:
    """Land a recording from elsewhere. The same file a second time changes nothing."""
    with tempfile.TemporaryDirectory(dir=warehouse.path.parent) as folder:
        recording = clean(source, Path(folder) / "recording.ndjson")
        runs = _runs_of(recording) or [_run_of_rejects(recording, landed_at)]
        return _land(warehouse, runs, *_good_and_bad([recording]), landed_at)


def restage_all(settings: Settings) -> None:
    """Type every body again, from what is kept verbatim, some days at a time."""
    with Warehouse.open(settings) as warehouse, warehouse.transaction():
        warehouse.execute("delete from stg.bodies")
        warehouse.execute("delete from stg.distributions")
        days = _column(warehouse, "select distinct day from raw.calls order by day")
        for chunk in in_chunks(days):
            _stage(warehouse, {"days": chunk})


def _good_and_bad(recordings: Sequence[CleanRecording]) -> tuple[list[Path], Rejects]:
    """The files to land, and the bad lines of each source."""
    good = [recording.file for recording in recordings if recording.samples]
    return good, {recording.source.name: recording.rejects for recording in recordings}


def _land(
    warehouse: Warehouse, runs: Sequence[Run], files: Sequence[Path], rejects: Rejects, landed_at: dt.datetime
) -> Landing:
    parameters: dict[str, Any] = {"files": [str(file) for file in files], "days": []}
    new = 0
    with warehouse.transaction():
        if files:
            warehouse.execute(statement("land/spool_lines"))
            warehouse.execute(statement("land/distinct_bodies"), parameters)
            parameters["days"] = _column(warehouse, "select distinct day from distinct_bodies order by day")
            if None in parameters["days"]:
                raise ValueError("a line names no day")
            _name_requests(warehouse)
            before = _calls(warehouse, parameters)
            for name in ("requests", "bodies", "calls"):
                warehouse.execute(statement(f"land/{name}"), parameters)
            _drop_second_copies(warehouse, parameters)
            new = _calls(warehouse, parameters) - before
        recorded = _record_runs(warehouse, runs, landed_at, has_news=new > 0)
        for file, bad in rejects.items():
            _record_rejects(warehouse, runs[0].run_id, file, bad, landed_at)
    with warehouse.transaction():
        _stage(warehouse, parameters)
    return Landing(
        unjudged=_unjudged(warehouse, [run.run_id for run in runs], recorded, has_news=new > 0),
        days=tuple(parameters["days"]),
        studies=tuple(sorted({run.study for run in runs})),
        new_samples=new,
        rejects=tuple(reject for bad in rejects.values() for reject in bad),
        source=runs[0].source or "",
    )


def _stage(warehouse: Warehouse, parameters: dict[str, Any]) -> None:
    warehouse.execute(statement("land/parsed_bodies"), parameters)
    warehouse.make("stg", parameters["days"])


def _calls(warehouse: Warehouse, parameters: dict[str, Any]) -> int:
    counted = "select count(*) as n from raw.calls where day in (select unnest($days))"
    return int(warehouse.rows(counted, parameters)[0]["n"])


def _column(warehouse: Warehouse, sql: str, parameters: dict[str, Any] | None = None) -> list[Any]:
    return [next(iter(row.values())) for row in warehouse.rows(sql, parameters)]


def _name_requests(warehouse: Warehouse) -> None:
    """Give each distinct request text its id, which is of the canonical JSON and so cannot be said in SQL."""
    warehouse.execute(statement("land/request_ids"))
    for text in _column(warehouse, "select distinct request from distinct_bodies"):
        body = json.loads(text or "null")
        if not isinstance(body, dict) or not isinstance(body.get("model"), str):
            raise ValueError("a request names no model")
        row = {"request": text, "id": request_id(body), "canonical": canonical_json(body), "model": body["model"]}
        warehouse.execute("insert into request_ids values ($request, $id, $canonical, $model)", row)


def _drop_second_copies(warehouse: Warehouse, parameters: dict[str, Any]) -> None:
    counted = "select count(*) - count(distinct sample_id) as n from raw.calls where day in (select unnest($days))"
    if warehouse.rows(counted, parameters)[0]["n"]:
        warehouse.execute(statement("land/second_copies"), parameters)


def _record_runs(warehouse: Warehouse, runs: Sequence[Run], landed_at: dt.datetime, *, has_news: bool) -> set[str]:
    """Append what is new of the runs, and say of which. An import adds nothing to what a run says of itself."""
    known = {(row["run_id"], row["kind"]): row for row in warehouse.rows(_KNOWN_RUNS)}
    recorded = set()
    for run in runs:
        before = known.get((run.run_id, run.kind))
        if (before and not has_news) or (run.kind == "import" and (run.run_id, "run") in known):
            continue
        row = run.model_dump() | {"versions": canonical_json(run.versions), "landed_at": landed_at}
        if before and run.kind == "import":
            # Another file of the same run.
            row["started_at"] = min(row["started_at"], before["started_at"])
            row["ended_at"] = max(row["ended_at"], before["ended_at"])
        _insert(warehouse, "raw.runs", row)
        recorded.add(run.run_id)
    return recorded


def _unjudged(warehouse: Warehouse, run_ids: Sequence[str], recorded: set[str], *, has_news: bool) -> tuple[str, ...]:
    """The runs whose rows nobody has judged as they are now."""
    judged = set() if has_news else set(_column(warehouse, "select distinct run_id from raw.expectations"))
    return tuple(run_id for run_id in run_ids if run_id in recorded or run_id not in judged)


def _record_rejects(
    warehouse: Warehouse, run_id: str, file: str, rejects: Sequence[Reject], rejected_at: dt.datetime
) -> None:
    where = {"run_id": run_id, "file": file}
    known = warehouse.rows("select line, text from raw.rejects where run_id = $run_id and file = $file", where)
    for reject in rejects:
        if {"line": reject.line, "text": reject.text} not in known:
            _insert(warehouse, "raw.rejects", {**where, **reject._asdict(), "rejected_at": rejected_at})


def _insert(warehouse: Warehouse, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    values = ", ".join(f"${name}" for name in row)
    warehouse.execute(f"insert into {table} ({names}) values ({values})", row)


def _runs_of(recording: CleanRecording) -> list[Run]:
    return [
        _import_run(run_id, study, dt.datetime.fromisoformat(first), dt.datetime.fromisoformat(last), recording.source)
        for run_id, (study, first, last) in recording.runs.items()
    ]


def _run_of_rejects(recording: CleanRecording, landed_at: dt.datetime) -> Run:
    """A file without a single good line still leaves its bad ones behind."""
    return _import_run(recording.import_id(""), recording.source.name, landed_at, landed_at, recording.source)


def _import_run(run_id: str, study: str, first: dt.datetime, last: dt.datetime, source: Path) -> Run:
    return Run(
        run_id=run_id,
        kind="import",
        study=study,
        day=None,
        state="complete",
        started_at=first,
        ended_at=last,
        source=source.name,
    )
