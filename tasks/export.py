"""Copies of the marts: one DuckDB file that readers may leave open, and Parquet and CSV files."""

import datetime as dt
import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tasks.core.errors import UsageError
from tasks.settings import Settings
from tasks.sql_files import models, statement
from tasks.warehouse import Warehouse, quoted

FORMATS = ("parquet", "csv")
# Most marts are small, and a table takes whole blocks: with DuckDB's own 256 kB the copy would be mostly air.
SMALL_BLOCKS = 16_384


def copy_marts(settings: Settings, days: Sequence[dt.date] | None = None) -> Path:
    """Bring `settings.marts_file` up to date with the marts, of which `days` are new (None: all are).

    The file is replaced at once, so that a reader sees the old marts or the new ones, and whoever has the old file open keeps it.
    Raises UsageError where the marts are those of another version.
    """
    file = settings.marts_file
    unfinished = file.with_suffix(".unfinished")
    # A DuckLake's marts may have been counted on another machine since the copy was made: all of them are new.
    days = None if settings.lake else days
    # Not read-only, though it only reads: where there is no warehouse yet, there is one now.
    with _alone(file) if settings.lake else nullcontext(), Warehouse.open(settings) as warehouse:
        unfinished.unlink(missing_ok=True)
        if days is not None and file.exists():
            shutil.copyfile(file, unfinished)
        warehouse.execute(f"attach {quoted(unfinished)} as copy (block_size {SMALL_BLOCKS})")
        with warehouse.snapshot():
            # Another machine's Flipbook may have made them again since this one counted.
            _refuse_others(warehouse)
            _copy_models(warehouse, days or ())
            if settings.lake:
                warehouse.execute(statement("export/keep_state"), {"state": warehouse.state})
        warehouse.execute("detach copy")
        unfinished.replace(file)
    return file


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Of the processes on this machine, one at a time brings the copy up to date, so that the newest comes last."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _copy_models(warehouse: Warehouse, days: Sequence[dt.date]) -> None:
    marts = models("mart")
    warehouse.execute("create schema if not exists copy.mart")
    warehouse.drop(warehouse.unlike(marts, "copy"), "copy")
    other = set(warehouse.column(statement("export/other_columns")))
    warehouse.drop([model for model in marts if model.path.stem in other], "copy")
    for model in marts:
        if made_anew := model.made_anew:
            _copy_days(warehouse, model.table, made_anew, days)
        elif model.is_view:
            warehouse.execute(f"create or replace view copy.{model.table} as {model.select}")
        else:
            warehouse.execute(f"create or replace table copy.{model.table} as from {model.table}")


def _copy_days(warehouse: Warehouse, table: str, made_anew: str, days: Sequence[dt.date]) -> None:
    """Copy the rows that were made anew; all rows, where the copy then still differs: it may have missed a run."""
    parameters = {"days": list(days)}
    warehouse.execute(f"create table if not exists copy.{table} as from {table} limit 0")
    warehouse.execute(f"delete from copy.{table} where {made_anew}", parameters)
    warehouse.execute(f"insert into copy.{table} by name from {table} where {made_anew}", parameters)
    counted = f"select (select count(*) from copy.{table}) = (select count(*) from {table}) as is_whole"
    if not warehouse.rows(counted)[0]["is_whole"]:
        warehouse.execute(f"create or replace table copy.{table} as from {table}")


@contextmanager
def marts(settings: Settings) -> Iterator[Warehouse]:
    """The marts, to be read: a file's own, or the copy of a DuckLake's on this machine, brought up to date.

    A page asks many small questions, and a DuckLake takes far longer than a file to begin to answer each. Raises UsageError
    where the marts are those of another version.
    """
    if settings.lake is None:
        with Warehouse.open(settings, read_only=True) as warehouse:
            _refuse_others(warehouse)
            yield warehouse
        return
    with Warehouse.open(settings, read_only=True) as warehouse:
        _refuse_others(warehouse)
        is_current = warehouse.state in _states_of_copy(settings)
    if not is_current:
        copy_marts(settings)
    with Warehouse.open_copy(settings) as copy:
        yield copy


def _refuse_others(warehouse: Warehouse) -> None:
    if warehouse.unlike(models("mart")):
        raise UsageError(
            "The warehouse's figures were made by another version of Flipbook, or not yet: `flipbook rebuild` makes them."
        )


def _states_of_copy(settings: Settings) -> list[int]:
    """The state of the DuckLake that the copy is of; nothing where there is none."""
    if not settings.marts_file.exists():
        return []
    with Warehouse.open_copy(settings) as copy:
        # A copy that was made of a file's marts does not say it.
        return copy.column(statement("export/state")) if copy.column(statement("export/has_state")) == [True] else []


def export_marts(settings: Settings, folder: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write each mart to `folder` in each format. Raises UsageError where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.") from error
    written = []
    with Warehouse.open(settings, read_only=True) as warehouse:
        for table in warehouse.column(statement("export/marts")):
            for form in formats:
                file = folder / f"{table}.{form}"
                warehouse.execute(f"copy mart.{table} to {quoted(file)} (format {form})")
                written.append(file)
    return written
