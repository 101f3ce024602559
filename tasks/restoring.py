"""A backup brought back: the warehouse in its place, and the runs that it does not have in the spool."""

import datetime as dt
import os
import shutil
from contextlib import suppress
from pathlib import Path

from tasks.backup import SPOOL, WAREHOUSE, Manifest, copy_run, counts_of, read_manifest, refuse_lake
from tasks.core.errors import FlipbookError, UsageError, WarehouseHeldError
from tasks.disk import sha256_of, sync
from tasks.settings import Settings
from tasks.spool import Folder
from tasks.spool.folder import AGAIN, HALF_MADE, LANDED, folders
from tasks.spool.writing import write_durably
from tasks.warehouse import Warehouse


def restore(settings: Settings, source: Path, now: dt.datetime, *, force: bool = False) -> list[str]:
    """Put a backup in place, and say what was done. With `force`, a warehouse that is there is kept beside it.

    The warehouse takes its place last, at once: a process that is killed before has changed nothing that is in use. To
    land what then waits in the spool is the caller's.
    Raises UsageError where `source` is no backup or a warehouse is there, WarehouseHeldError where one is in use, and
    FlipbookError where the backup is damaged.
    """
    refuse_lake(settings)
    manifest = read_manifest(source)
    file = settings.warehouse_file
    if file.exists():
        _refuse_in_use(settings, force=force)
    unfinished = file.with_name(f".{file.name}.restored")
    _copy_back(settings, source / WAREHOUSE, manifest, unfinished)
    came = _bring_runs(source / SPOOL, settings.spool)
    again = _land_again(settings.spool)
    said = _take_place(unfinished, file, now)
    return [
        f"{file}: {manifest.counts['raw.calls']:,} samples, as of {manifest.made_at:%Y-%m-%d %H:%M} UTC.",
        *said,
        *([f"Runs that had not landed, back in the spool: {came}."] if came else []),
        *([f"Runs of the spool that land once more, in case they were not in the backup: {again}."] if again else []),
        *_bring_declarations(settings, source),
    ]


def _refuse_in_use(settings: Settings, *, force: bool) -> None:
    if not force:
        raise UsageError(
            f"There is a warehouse at {settings.warehouse_file}: say --force to put the backup in its place; "
            "what is there is kept beside it."
        )
    try:
        with Warehouse.open(settings, read_only=True):
            pass
    except WarehouseHeldError:
        raise
    except FlipbookError:
        # It cannot be read: that may be why there is a restore.
        pass


def _copy_back(settings: Settings, copy: Path, manifest: Manifest, unfinished: Path) -> None:
    if not copy.is_file() or sha256_of(copy) != manifest.sha256:
        raise FlipbookError(f"The backup is damaged: {copy} is not as it was written. Nothing was restored.")
    try:
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(copy, unfinished)
    except OSError as error:
        raise FlipbookError(f"{unfinished} cannot be written: {error.strerror}. Nothing was restored.") from error
    with Warehouse.open(settings.model_copy(update={"warehouse": str(unfinished)}), read_only=True) as warehouse:
        if counts_of(warehouse) != manifest.counts:
            raise FlipbookError(f"{unfinished} does not hold what the backup says. Nothing was restored.")
    sync(unfinished)


def _bring_runs(source: Path, spool: Path) -> int:
    """Bring the runs that the spool does not have; those that it has may know more."""
    missing = [folder for folder in source.iterdir() if not (spool / folder.name).exists()]
    for folder in missing:
        half_made = spool / f"{HALF_MADE}{folder.name}"
        shutil.rmtree(half_made, ignore_errors=True)
        copy_run(folder, half_made)
        half_made.rename(spool / folder.name)
    return len(missing)


def _land_again(spool: Path) -> int:
    """Have every run land again: the warehouse of before may have had what this one has not, and twice changes nothing."""
    landed: list[Folder] = [folder for folder in folders(spool) if folder.is_landed]
    for folder in landed:
        # Another process may have removed it since.
        with suppress(FileNotFoundError):
            write_durably(folder.path / LANDED, AGAIN)
    return len(landed)


def _take_place(unfinished: Path, file: Path, now: dt.datetime) -> list[str]:
    said = []
    if file.exists():
        kept = file.with_name(f"{file.name}.before-{now:%Y%m%dT%H%M%S}")
        # Its log first: DuckDB would play it into the file that comes.
        log, log_kept = (path.with_name(f"{path.name}.wal") for path in (file, kept))
        if log.exists():
            log.rename(log_kept)
        # A second name, so that there is no moment without a warehouse, which another process would make.
        os.link(file, kept)
        said.append(f"What was there is kept as {kept}.")
    unfinished.replace(file)
    sync(file.parent)
    return said


def _bring_declarations(settings: Settings, source: Path) -> list[str]:
    said = []
    for file in (settings.endpoints, settings.catalogue):
        copy = source / file.name
        if not copy.is_file():
            continue
        if not file.exists():
            shutil.copyfile(copy, file)
            said.append(f"{file} is back.")
        elif file.read_bytes() != copy.read_bytes():
            said.append(f"{file} stays as it is; the backup has another one.")
    return said
