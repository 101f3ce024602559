"""The landing stage: from recordings into the warehouse, each sample exactly once.

A landing is one transaction: what was received is appended, verbatim, and the bodies that are new are typed.
"""

import datetime as dt
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.core.canonical import canonical_json, request_id
from tasks.core.recording import Reject
from tasks.core.runs import Run
from tasks.landed import Landing, record_rejects, record_runs, unjudged
from tasks.recordings import CleanRecording, clean, pieces, refuse_unreadable
from tasks.settings import Settings
from tasks.sql_files import statement
from tasks.warehouse import OUT_OF_MEMORY, UNFIT_INPUT, Warehouse

# Bad lines by the name of their file.
Rejects = Mapping[str, Sequence[Reject]]


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
    except (*UNFIT_INPUT, ValueError):
        # No JSON, a wrong type, no request, a null where none may be.
        with tempfile.TemporaryDirectory(dir=warehouse.folder) as folder:
            recordings = [clean(file, Path(folder) / f"{index}.ndjson") for index, file in enumerate(files)]
            return _land(warehouse, [run], *_good_and_bad(recordings), landed_at)


def import_file(warehouse: Warehouse, source: Path, landed_at: dt.datetime) -> Landing:
    """Land a recording from elsewhere. The same file a second time changes nothing."""
    with tempfile.TemporaryDirectory(dir=warehouse.folder) as folder:
        recording = clean(source, Path(folder) / "recording.ndjson")
        runs = _runs_of(recording) or [_run_of_rejects(recording, landed_at)]
        return _land(warehouse, runs, *_good_and_bad([recording]), landed_at)


def restage_all(settings: Settings) -> list[dt.date]:
    """Type every body again, from what is kept verbatim, some days at a time.

    Bodies that are archived stay as they were typed: returns the days that have such.
    """
    with Warehouse.open(settings) as warehouse, warehouse.transaction():
        for name in ("untyped_bodies", "unused_distributions", "unused_completions"):
            warehouse.execute(statement(f"land/{name}"))
        warehouse.stage_all()
        return warehouse.column(statement("archive/kept_days"))


def _good_and_bad(recordings: Sequence[CleanRecording]) -> tuple[list[Path], Rejects]:
    """The files to land, and the bad lines of each source."""
    good = [recording.file for recording in recordings if recording.samples]
    return good, {recording.source.name: recording.rejects for recording in recordings}


def _land(
    warehouse: Warehouse, runs: Sequence[Run], files: Sequence[Path], rejects: Rejects, landed_at: dt.datetime
) -> Landing:
    try:
        return _land_parts(warehouse, runs, [files] if files else [], rejects, landed_at)
    except OUT_OF_MEMORY:
        # DuckDB takes 2,048 lines at once, however long they are.
        with tempfile.TemporaryDirectory(dir=warehouse.folder) as folder:
            parts = [[piece] for piece in pieces(files, Path(folder))]
            return _land_parts(warehouse, runs, parts, rejects, landed_at)


def _land_parts(
    warehouse: Warehouse,
    runs: Sequence[Run],
    parts: Sequence[Sequence[Path]],
    rejects: Rejects,
    landed_at: dt.datetime,
) -> Landing:
    days: set[dt.date] = set()
    new = 0
    # Before the transaction, since it needs nothing of the warehouse, where others may want to land.
    ahead = [_read(warehouse, part) for part in parts[:1]]
    with warehouse.transaction():
        for part in parts:
            read = ahead.pop() if ahead else _read(warehouse, part)
            new += _append(warehouse, read)
            warehouse.stage(read["days"])
            days.update(read["days"])
        record_runs(warehouse, runs, landed_at, has_news=new > 0, has_rejects=any(rejects.values()))
        for file, bad in rejects.items():
            record_rejects(warehouse, runs[0].run_id, file, bad, landed_at)
    return Landing(
        unjudged=unjudged(warehouse, [run.run_id for run in runs], has_news=new > 0),
        days=tuple(sorted(days)),
        studies=tuple(sorted({run.study for run in runs})),
        new_samples=new,
        rejects=tuple(reject for bad in rejects.values() for reject in bad),
        source=runs[0].source or "",
    )


def _read(warehouse: Warehouse, files: Sequence[Path]) -> dict[str, Any]:
    """Prepare lines for landing; what the statements of a landing take. Raises ValueError where a line is no sample."""
    parameters: dict[str, Any] = {"files": [str(file) for file in files]}
    warehouse.execute(statement("land/spool_lines"))
    warehouse.execute(statement("land/distinct_bodies"), parameters)
    parameters["days"] = warehouse.column(statement("land/days"))
    if None in parameters["days"]:
        raise ValueError("a line names no day")
    _name_requests(warehouse)
    return parameters


def _append(warehouse: Warehouse, read: dict[str, Any]) -> int:
    """Append what is new of the lines that were read; how many samples that is."""
    before = _calls(warehouse, read)
    for name in ("requests", "bodies", "calls"):
        warehouse.execute(statement(f"land/{name}"), read)
    landed = _calls(warehouse, read)
    if landed["samples"] != landed["ids"]:
        warehouse.execute(statement("land/second_copies"), read)
    return landed["ids"] - before["ids"]


def _calls(warehouse: Warehouse, read: dict[str, Any]) -> dict[str, int]:
    return warehouse.rows(statement("land/calls_of_days"), read)[0]


def _name_requests(warehouse: Warehouse) -> None:
    """Give each distinct request text its id, which is of the canonical JSON and so cannot be said in SQL."""
    warehouse.execute(statement("land/request_ids"))
    for text in warehouse.column(statement("land/request_texts")):
        body = json.loads(text or "null")
        if not isinstance(body, dict) or not isinstance(body.get("model"), str):
            raise ValueError("a request names no model")
        row = {"request": text, "id": request_id(body), "canonical": canonical_json(body), "model": body["model"]}
        warehouse.execute(statement("land/request_id"), row)


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
