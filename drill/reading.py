"""What is held against each other at the end: the simulator's ledger, the warehouse, and the spool."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drill.jobs import Job
from drill.shelf import Shelf
from simulator.ledger import WHOLE
from tasks.core.canonical import request_id
from tasks.core.plan import series_of_study
from tasks.core.study import Study
from tasks.settings import Settings
from tasks.sql_files import statement
from tasks.warehouse import Warehouse

CALL_HEADER = "x-request-id"
Row = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """An answer that the simulator began to send, and so was paid for. Times in seconds since 1970."""

    call: str
    job: Job
    fault: str | None
    started_at: float
    whole_at: float | None
    """When it had been sent whole; None where the connection ended before."""


@dataclass(frozen=True)
class Books:
    """Everything that the accounts are made of."""

    answers: list[Answer]
    rows: list[Row]
    runs: list[Row]
    counted: int
    spooled: set[str]
    """The ids of the answers in the spool folders that are still there."""
    not_landed: int


def read_books(settings: Settings, ledger: Path, studies: Mapping[str, Study]) -> Books:
    """Read all of it, once nothing runs any more."""
    with Warehouse.open(settings, read_only=True) as warehouse:
        rows, runs, counted = (warehouse.rows(statement(f"drill/{name}")) for name in ("rows", "runs", "counted"))
    shelf = Shelf(settings.spool)
    return Books(
        answers=_answers(ledger, studies),
        rows=rows,
        runs=runs,
        counted=counted[0]["n"],
        spooled=_spooled(settings.spool),
        not_landed=len(shelf.not_landed()),
    )


def _answers(ledger: Path, studies: Mapping[str, Study]) -> list[Answer]:
    study_of = {request_id(series.body): name for name, study in studies.items() for series in series_of_study(study)}
    started: dict[str, dict[str, Any]] = {}
    whole_at: dict[str, float] = {}
    with ledger.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line["event"] == WHOLE:
                whole_at[line["call"]] = line["at"]
            else:
                started[line["call"]] = line
    return [
        Answer(
            call=call,
            job=Job(dt.date.fromisoformat(line["day"]), study_of[line["request_id"]]),
            fault=line["fault"],
            started_at=line["at"],
            whole_at=whole_at.get(call),
        )
        for call, line in started.items()
    ]


def _spooled(spool: Path) -> set[str]:
    lines = (line for file in spool.glob("[!.]*/*.ndjson") for line in file.read_bytes().splitlines())
    return {call for line in lines if (call := (json.loads(line)["headers"] or {}).get(CALL_HEADER))}
