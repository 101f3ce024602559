"""Copies of the marts: one DuckDB file that readers may leave open, and Parquet and CSV files."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from tasks.core.errors import UsageError
from tasks.settings import Settings
from tasks.warehouse import Warehouse, quoted

FORMATS = ("parquet", "csv")


def copy_marts(settings: Settings) -> Path:
    """Write all marts to `settings.marts_file`; it is replaced at once, so that a reader sees the old marts or the new ones."""
    file = settings.marts_file
    unfinished = file.with_suffix(".unfinished")
    with contextlib.suppress(FileNotFoundError):
        unfinished.unlink()
    with Warehouse.open(settings, read_only=True) as warehouse:
        warehouse.execute(f"attach {quoted(unfinished)} as copy")
        warehouse.execute("create schema copy.mart")
        for table in _marts(warehouse):
            warehouse.execute(f"create table copy.mart.{table} as from mart.{table}")
        warehouse.execute("detach copy")
    unfinished.replace(file)
    return file


def export_marts(settings: Settings, folder: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write each mart to `folder` in each format. Returns the files. Raises UsageError where the folder cannot be written."""
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
    sql = "select table_name from information_schema.tables where table_catalog = current_database() and table_schema = 'mart'"
    return [row["table_name"] for row in warehouse.rows(f"{sql} order by table_name")]
