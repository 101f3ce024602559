"""The warehouse as `flipbook doctor` sees it: what it holds, in which format, who has it open, and the clock it implies."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.core.errors import FlipbookError, WarehouseHeldError
from tasks.core.findings import Finding
from tasks.holders import command_of, holders
from tasks.settings import Settings
from tasks.sql_files import statement
from tasks.warehouse import Warehouse, exists, name_of, newest_format
from tasks.warehouse.file import why_not_written
from tasks.warehouse.lake import LakeBackend, files_of, unwritable
from tasks.warehouse.opened import backend_of

# A minute or two of difference between machines is nothing; more means that one of them has the time wrong.
CLOCK = dt.timedelta(minutes=5)
# The format that first had raw.archives.
ARCHIVES_FORMAT = 4


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an open warehouse says of itself."""

    row: dict[str, Any]
    format: int
    archived: list[Path]
    files: str | None
    """Where a DuckLake keeps its files."""


def findings(settings: Settings, now: dt.datetime) -> list[Finding]:
    """What there is to say; `now` is this machine's clock."""
    try:
        if not exists(settings):
            return [_none_yet(settings), *_files(settings), _clock(now, None)]
    except FlipbookError as error:
        return [Finding("warehouse", str(error), False), *_files(settings), _clock(now, None)]
    try:
        seen = _look(settings)
    except WarehouseHeldError as error:
        return [Finding("warehouse", str(error), False, is_needed=False), *_holders(settings), _clock(now, None)]
    except FlipbookError as error:
        return [Finding("warehouse", str(error), False), _clock(now, None)]
    said = f"{name_of(settings)}: {seen.row['samples']:,} samples of {seen.row['days']:,} days, {_format(seen.format)}"
    return [
        Finding("warehouse", said, True),
        *_holders(settings),
        *_files(settings, seen.files),
        *_archives(seen.archived),
        _clock(now, seen.row["last_at"]),
    ]


def _none_yet(settings: Settings) -> Finding:
    said = f"none yet at {name_of(settings)}"
    # A DuckLake's files are looked at by themselves.
    why = why_not_written(settings.warehouse_file.parent) if settings.lake is None else None
    return Finding("warehouse", f"{said}, and none can be made: {why}" if why else said, not why)


def _files(settings: Settings, files: str | None = None) -> list[Finding]:
    """Where a DuckLake's files could not be written. Without `files`: where they would go, for there is no lake to say so."""
    backend = backend_of(settings)
    if not isinstance(backend, LakeBackend):
        return []
    problem = unwritable(backend.name, files or backend.files)
    return [Finding("files of the warehouse", str(problem), False)] if problem else []


def _look(settings: Settings) -> _Seen:
    with Warehouse.open(settings.model_copy(update={"warehouse_wait_s": 1}), read_only=True) as warehouse:
        (row,) = warehouse.rows(statement("doctor/warehouse"))
        has_archives = warehouse.format >= ARCHIVES_FORMAT
        files = warehouse.column(statement("doctor/archives")) if has_archives else []
        where = None if settings.lake is None else settings.warehouse_data or files_of(warehouse.connection)
        return _Seen(row, warehouse.format, [Path(file) for file in files], where)


def _format(found: int) -> str:
    later = "" if found == newest_format() else f"; the next run makes it format {newest_format()}"
    return f"format {found}{later}"


def _holders(settings: Settings) -> list[Finding]:
    """Who has the file open. Whoever does keeps the next run from landing."""
    if settings.lake is not None:
        return []
    open_by = [f"process {one} ({command_of(one)})" for one in holders(settings.warehouse_file)]
    return [Finding("warehouse is open in", ", ".join(open_by), False, is_needed=False)] if open_by else []


def _archives(files: list[Path]) -> list[Finding]:
    if not files:
        return []
    missing = [file for file in files if not file.is_file()]
    said = f"{len(files)} files of archived answers, the first {files[0]}"
    if missing:
        said = f"{len(missing)} of {len(files)} files of archived answers are not where they were written: {missing[0]}"
    return [Finding("archive", said, not missing, is_needed=False)]


def _clock(now: dt.datetime, last_at: dt.datetime | None) -> Finding:
    said = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if last_at is None or last_at <= now + CLOCK:
        return Finding("clock", said, True)
    later = (
        f"the newest sample is of {last_at:%Y-%m-%d %H:%M} UTC, which is still to come: is this machine's clock right?"
    )
    # Days at a simulator, and imports, may be of any date.
    return Finding("clock", f"{said}, and {later}", False, is_needed=False)
