"""The warehouse as `flipbook doctor` sees it: what it holds, in which format, who has it open, and the clock it implies."""

import datetime as dt
from pathlib import Path
from typing import Any

from tasks.core.errors import FlipbookError, WarehouseHeldError
from tasks.core.findings import Finding
from tasks.holders import command_of, holders
from tasks.settings import Settings
from tasks.sql_files import statement
from tasks.warehouse import Warehouse, exists, name_of, newest_format

# A minute or two of difference between machines is nothing; more means that one of them has the time wrong.
CLOCK = dt.timedelta(minutes=5)
# The format that first had raw.archives.
ARCHIVES_FORMAT = 4


def findings(settings: Settings, now: dt.datetime) -> list[Finding]:
    """What there is to say; `now` is this machine's clock."""
    try:
        if not exists(settings):
            return [Finding("warehouse", f"none yet at {name_of(settings)}", True), _clock(now, None)]
        row, found, files = _look(settings)
    except WarehouseHeldError as error:
        return [Finding("warehouse", str(error), False, is_needed=False), *_holders(settings), _clock(now, None)]
    except FlipbookError as error:
        return [Finding("warehouse", str(error), False), _clock(now, None)]
    said = f"{name_of(settings)}: {row['samples']:,} samples of {row['days']:,} days, {_format(found)}"
    return [Finding("warehouse", said, True), *_holders(settings), *_archives(files), _clock(now, row["last_at"])]


def _look(settings: Settings) -> tuple[dict[str, Any], int, list[Path]]:
    with Warehouse.open(settings.model_copy(update={"warehouse_wait_s": 1}), read_only=True) as warehouse:
        (row,) = warehouse.rows(statement("doctor/warehouse"))
        has_archives = warehouse.format >= ARCHIVES_FORMAT
        files = warehouse.column(statement("doctor/archives")) if has_archives else []
        return row, warehouse.format, [Path(file) for file in files]


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
