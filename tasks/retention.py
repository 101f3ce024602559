"""Old bodies as Parquet files outside the warehouse, and back. Counts, and all that is made of them, stay as they are.

A day goes in three steps: its file is written beside its name and then renamed, it is read back and found equal, and
then, in one transaction, the warehouse notes the file and lets the bodies go. A process that is killed in between leaves
a file too many, never a body too few; the same command goes on from there.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.core.errors import FlipbookError, UsageError
from tasks.disk import sync
from tasks.settings import Settings
from tasks.sql_files import statement
from tasks.warehouse import UNFIT_INPUT, Warehouse, quoted


@dataclass(frozen=True, slots=True)
class Archived:
    """One day's bodies in their file: how many, their length as received, and the file's, in bytes."""

    day: dt.date
    file: Path
    bodies: int
    body_bytes: int
    file_bytes: int


def archive(
    settings: Settings, before: dt.date, folder: Path, now: dt.datetime, tell: Callable[[Archived], None]
) -> None:
    """Move the bodies of every day before `before` (UTC) to a file of its own in `folder`, and tell each.

    The warehouse is opened for each day anew, so that runs can land in between. Raises UsageError where the folder
    cannot be written, and FlipbookError where a file does not hold what it should: then that day stays where it is.
    """
    with Warehouse.open(settings) as warehouse:
        days = warehouse.column(statement("archive/days"), {"before": before})
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.") from error
    for day in days:
        with Warehouse.open(settings) as warehouse:
            if archived := _archive_day(warehouse, day, folder.resolve(), now):
                tell(archived)


def restore(
    settings: Settings, since: dt.date | None, before: dt.date | None, folder: Path | None
) -> list[tuple[dt.date, int]]:
    """Bring archived bodies back, of the days from `since` and before `before`; each file's day and how many came.

    Files are looked for where they were written, or in `folder`, and stay there. Raises UsageError where one is
    missing, and FlipbookError where one is damaged; what came back before that is kept.
    """
    with Warehouse.open(settings) as warehouse:
        away = set(kept_days(warehouse))
        known = warehouse.rows(statement("archive/files"))
    wanted = [
        row
        for row in known
        if row["day"] in away and (since is None or row["day"] >= since) and (before is None or row["day"] < before)
    ]
    files = [(row["day"], _found(row["files"], folder), row["bodies"]) for row in wanted]
    if missing := [file for _, file, _ in files if not file.is_file()]:
        raise UsageError(
            f"{len(missing)} of {len(files)} files of the archive are not there, the first of them {missing[0]}: "
            "say with --from where they are now."
        )
    restored = []
    for day, file, bodies in files:
        with Warehouse.open(settings) as warehouse:
            restored.append((day, _restore_file(warehouse, day, file, bodies)))
    return restored


def _found(files: Sequence[str], folder: Path | None) -> Path:
    """The first of some equal files that is there, in `folder` or where they were written; else where it should be."""
    places = [*([folder / Path(files[0]).name] if folder else []), *map(Path, files)]
    return next((place for place in places if place.is_file()), places[0])


def kept_days(warehouse: Warehouse) -> list[dt.date]:
    """The days whose bodies were typed before they were archived, and cannot be typed again while they are away."""
    return warehouse.column(statement("archive/kept_days"))


def _archive_day(warehouse: Warehouse, day: dt.date, folder: Path, now: dt.datetime) -> Archived | None:
    # In one transaction, so that nothing lands between the copy and the moment when what was copied goes.
    with warehouse.transaction():
        rows = warehouse.rows(statement("archive/day"), {"day": day})
        if not rows:
            # Another process has archived it since we looked.
            return None
        held = rows[0]
        file = folder / f"bodies-{day}-{held['content']}.parquet"
        _write(warehouse, day, file)
        if warehouse.rows(statement("archive/differences"), {"day": day, "file": str(file)})[0]["n"]:
            raise FlipbookError(f"{file} does not hold what the warehouse holds of {day}: the day stays where it is.")
        sizes = {name: held[name] for name in ("bodies", "body_bytes")}
        warehouse.execute(statement("archive/record"), {"day": day, "file": str(file), "archived_at": now, **sizes})
        warehouse.execute(statement("archive/drop"), {"day": day})
    return Archived(day, file, held["bodies"], held["body_bytes"], file.stat().st_size)


def _write(warehouse: Warehouse, day: dt.date, file: Path) -> None:
    unfinished = file.with_name(f".{file.name}.unfinished")
    warehouse.execute(statement("archive/bodies"), {"day": day})
    warehouse.execute(f"copy archived_bodies to {quoted(unfinished)} (format parquet, compression zstd)")
    warehouse.execute("drop table archived_bodies")
    # On the disk, name and all, before anything is let go.
    sync(unfinished)
    unfinished.replace(file)
    sync(file.parent)


def _restore_file(warehouse: Warehouse, day: dt.date, file: Path, bodies: int) -> int:
    where = {"day": day, "file": str(file)}
    try:
        found = warehouse.rows(statement("archive/damaged"), where)[0]
    except UNFIT_INPUT as error:
        raise FlipbookError(f"{file} is no file of the archive, or damaged: {error}") from error
    if found["damaged"] or found["bodies"] != bodies:
        raise FlipbookError(
            f"{file} is damaged: {found['bodies']:,} of {bodies:,} answers are there, {found['damaged']:,} of them wrong."
        )
    before = _bodies(warehouse, day)
    with warehouse.transaction():
        warehouse.execute(statement("archive/restored"), where)
    return _bodies(warehouse, day) - before


def _bodies(warehouse: Warehouse, day: dt.date) -> int:
    return sum(row["bodies"] for row in warehouse.rows(statement("archive/day"), {"day": day}))
