"""A backup: a folder with a copy of the warehouse, the runs that have not landed, the endpoints and the studies.

The runs are copied before the warehouse: one that lands in between is in both, and lands again, which changes nothing.
"""

import datetime as dt
import shutil
from importlib.metadata import version
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from tasks.core.errors import FlipbookError, UsageError
from tasks.disk import sha256_of, sync
from tasks.settings import Settings
from tasks.spool.folder import FINISHED, HEADER, Folder
from tasks.sql_files import statement
from tasks.warehouse import CATALOG, FILE_OPTIONS, Warehouse, quoted

MANIFEST, WAREHOUSE, SPOOL = "backup.json", "flipbook.duckdb", "spool"


class Manifest(BaseModel):
    """What a backup holds. It is written last: a folder without it is no backup."""

    model_config = ConfigDict(frozen=True)

    made_at: AwareDatetime
    flipbook: str
    format: int
    sha256: str
    counts: dict[str, int]
    """Rows of each table of the warehouse."""
    runs: tuple[str, ...]
    """The folders of the spool."""


def back_up(settings: Settings, to: Path, now: dt.datetime, *, force: bool = False) -> str:
    """Make a backup in the new folder `to`, and say what is in it. With `force`, another backup may be there.

    It is written beside its name, opened again, compared, and then renamed. Raises UsageError where there is nothing to
    back up or `to` is taken, WarehouseHeldError, and FlipbookError where the copy is not the same.
    """
    refuse_lake(settings)
    to = to.resolve()
    _refuse_taken(to, force=force)
    work = to.with_name(f".{to.name}.unfinished")
    shutil.rmtree(work, ignore_errors=True)
    try:
        (work / SPOOL).mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}.") from error
    runs = _copy_runs(settings.spool, work / SPOOL)
    counts, newest = _copy_warehouse(settings, work / WAREHOUSE)
    for file in (settings.endpoints, settings.catalogue):
        if file.is_file():
            shutil.copyfile(file, work / file.name)
    manifest = Manifest(
        made_at=now,
        flipbook=version("flipbook"),
        format=newest,
        sha256=sha256_of(work / WAREHOUSE),
        counts=counts,
        runs=tuple(runs),
    )
    (work / MANIFEST).write_text(manifest.model_dump_json(indent=2), encoding="utf-8")
    _sync_all(work)
    _take_place(work, to)
    return (
        f"{to}: {counts['raw.calls']:,} samples in {(to / WAREHOUSE).stat().st_size / 1e6:,.1f} MB, "
        f"and runs that have not landed: {len(runs)}. The copy was opened again, and is the same."
    )


def refuse_lake(settings: Settings) -> None:
    """Raises UsageError where the warehouse is no file."""
    if settings.lake is not None:
        raise UsageError(
            "The warehouse is a DuckLake: back up its PostgreSQL catalog (pg_dump) first and then its data path, "
            "as docs/operate.md says."
        )


def read_manifest(folder: Path) -> Manifest:
    """What a backup says of itself. Raises UsageError where the folder is none."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise UsageError(f"{folder} is no backup of Flipbook: {MANIFEST} is not there, or cannot be read.") from error


def counts_of(warehouse: Warehouse) -> dict[str, int]:
    """Rows of each table."""
    tables = warehouse.column(statement("backup/tables"))
    return {table: warehouse.column(f"select count(*) from {table}")[0] for table in tables}


def copy_run(source: Path, to: Path) -> None:
    """Copy a run's folder, which may be growing: its end first, so that a copy that has one has every line before it."""
    to.mkdir(parents=True)
    for name in (FINISHED, HEADER):
        if (source / name).exists():
            shutil.copyfile(source / name, to / name)
    for file in source.iterdir():
        if file.is_file() and file.name not in (FINISHED, HEADER):
            shutil.copyfile(file, to / file.name)


def _copy_runs(spool: Path, to: Path) -> list[str]:
    # Also those whose header only another version can read.
    folders = [header.parent for header in sorted(spool.glob(f"[!.]*/{HEADER}"))]
    waiting = [folder for folder in folders if not Folder(folder).is_landed]
    for folder in waiting:
        copy_run(folder, to / folder.name)
    return [folder.name for folder in waiting]


def _copy_warehouse(settings: Settings, file: Path) -> tuple[dict[str, int], int]:
    """Copy the warehouse while nobody can write to it; its counts, and its format."""
    # A reader keeps every writer out, and leaves an older format as it is.
    with Warehouse.open(settings, read_only=True) as warehouse:
        counts = counts_of(warehouse)
        found = warehouse.format
        # As the warehouse itself is made; the clauses of its columns are copied with them.
        warehouse.execute(f"attach {quoted(file)} as copy ({FILE_OPTIONS})")
        warehouse.execute(f"copy from database {CATALOG} to copy")
        warehouse.execute("detach copy")
    with Warehouse.open(settings.model_copy(update={"warehouse": str(file)}), read_only=True) as copied:
        if counts_of(copied) != counts:
            raise FlipbookError(f"The copy of {settings.warehouse_file} is not the same: there is no backup.")
    return counts, found


def _refuse_taken(to: Path, *, force: bool) -> None:
    if not to.exists():
        return
    if not force:
        raise UsageError(f"{to} is there already: name a new folder, or say --force to replace the backup in it.")
    read_manifest(to)


def _take_place(work: Path, to: Path) -> None:
    old = to.with_name(f".{to.name}.replaced")
    shutil.rmtree(old, ignore_errors=True)
    if to.exists():
        to.rename(old)
    work.rename(to)
    sync(to.parent)
    shutil.rmtree(old, ignore_errors=True)


def _sync_all(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        sync(path)
