"""Copies of the marts: one DuckDB file that readers may leave open, and Parquet and CSV files."""

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path

from tasks.core.errors import UsageError
from tasks.settings import Settings
from tasks.sql_files import models
from tasks.warehouse import Warehouse, quoted

_MARTS = """
    select table_name
    from information_schema.tables
    where table_catalog = current_database() and table_schema = 'mart'
    order by table_name
"""

_OTHER_COLUMNS = """
    select table_name
    from information_schema.columns
    where table_catalog in (current_database(), 'copy') and table_schema = 'mart'
    group by table_name
    having count(distinct table_catalog) = 2 and count(*) <> 2 * count(distinct column_name)
"""

FORMATS = ("parquet", "csv")
# Most marts are small, and a table takes whole blocks: with DuckDB's own 256 kB the copy would be mostly air.
SMALL_BLOCKS = 16_384


def copy_marts(settings: Settings, days: Sequence[dt.date] | None = None) -> Path:
    """Bring `settings.marts_file` up to date with the marts, of which `days` are new (None: all are).

    The file is replaced at once, so that a reader sees the old marts or the new ones, and whoever has the old file open keeps it.
    """
    file = settings.marts_file
    unfinished = file.with_suffix(".unfinished")
    # Not read-only, though it only reads: of two processes, one at a time brings the copy up to date.
    with Warehouse.open(settings) as warehouse:
        unfinished.unlink(missing_ok=True)
        if days is not None and file.exists():
            shutil.copyfile(file, unfinished)
        warehouse.execute(f"attach {quoted(unfinished)} as copy (block_size {SMALL_BLOCKS})")
        with warehouse.transaction():
            _copy_models(warehouse, days or ())
        warehouse.execute("detach copy")
        unfinished.replace(file)
    return file


def _copy_models(warehouse: Warehouse, days: Sequence[dt.date]) -> None:
    marts = models("mart")
    warehouse.execute("create schema if not exists copy.mart")
    warehouse.drop(warehouse.unlike(marts, "copy"), "copy")
    other = {row["table_name"] for row in warehouse.rows(_OTHER_COLUMNS)}
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


def export_marts(settings: Settings, folder: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write each mart to `folder` in each format. Raises UsageError where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.") from error
    written = []
    with Warehouse.open(settings, read_only=True) as warehouse:
        for table in _marts(warehouse):
            for form in formats:
                file = folder / f"{table}.{form}"
                warehouse.execute(f"copy mart.{table} to {quoted(file)} (format {form})")
                written.append(file)
    return written


def _marts(warehouse: Warehouse) -> list[str]:
    return [row["table_name"] for row in warehouse.rows(_MARTS)]
