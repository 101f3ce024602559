"""All runs of a spool: what is ready to land, what was left behind, what may go."""

import datetime as dt
import os
import shutil
from contextlib import suppress
from pathlib import Path

from tasks.holders import holders
from tasks.spool.folder import HALF_MADE, LANDED, LEFT_BEHIND, LOCK, Folder, folders
from tasks.spool.writing import Spool


def finished_not_landed(root: Path) -> list[Folder]:
    """The runs that are ready to land, oldest first, whoever wrote them."""
    return [folder for folder in folders(root) if folder.is_finished and not folder.is_landed and folder.says_its_end]


def left_to_land(root: Path) -> list[Folder]:
    """Those of them that are this process's to land: not those that another one, which is about to, still holds.

    Looked up, not tried: for a moment, a lock of ours would keep a run from being resumed.
    """
    return [folder for folder in finished_not_landed(root) if not _is_held_elsewhere(folder)]


def _is_held_elsewhere(folder: Folder) -> bool:
    return bool(set(holders(folder.path / LOCK)) - {os.getpid()})


def close_past(root: Path, today: dt.date) -> list[Folder]:
    """Finish, as incomplete, the runs that no process holds and nobody will resume; `today` is a UTC date.

    Past means that its day is over, and the day on which it started: a simulator's run may be for any day.
    """
    closed = []
    for folder in folders(root):
        header = folder.header
        is_past = max(header.day, header.started_at.astimezone(dt.UTC).date()) < today
        if is_past and not folder.is_finished and (spool := Spool.lock(folder)):
            with spool:
                # Its process may have finished it between our look at it and our lock.
                if not spool.is_finished:
                    _finish_as_left_behind(spool)
                    closed.append(folder)
    return closed


def prune(root: Path, keep_days: int, today: dt.date) -> list[Path]:
    """Remove the folders of runs that landed more than `keep_days` days before `today`, and say which.

    Several processes may do so at once; what one of them cannot remove stays for the next.
    """
    removed = [
        folder.path for folder in folders(root) if folder.is_landed and _is_hidden(folder.path, keep_days, today)
    ]
    for path in root.glob(f"{HALF_MADE}*"):
        with suppress(OSError):
            if _age_days(path, today) > keep_days or path.with_name(path.name.removeprefix(HALF_MADE)) in removed:
                shutil.rmtree(path, ignore_errors=True)
    return removed


def _is_hidden(path: Path, keep_days: int, today: dt.date) -> bool:
    """Hide a folder that is old enough: half removed, it must not look like a run that has not landed."""
    with suppress(OSError):
        if _age_days(path / LANDED, today) > keep_days:
            path.rename(path.with_name(f"{HALF_MADE}{path.name}"))
            return True
    return False


def _finish_as_left_behind(spool: Spool) -> None:
    header = spool.header
    attempted = sum(1 for target in header.study.targets for _ in spool.samples(target))
    ended_at = max((_modified_at(file) for file in spool.sample_files), default=header.started_at)
    spool.finish(header.run("incomplete", LEFT_BEHIND, attempted=attempted, ended_at=ended_at, source=spool.path.name))


def _age_days(path: Path, today: dt.date) -> int:
    return (today - _modified_at(path).date()).days


def _modified_at(path: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
