"""The one process that writes a run: its lock, and its lines."""

import datetime as dt
import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tasks.core.errors import FlipbookError
from tasks.core.runs import Run
from tasks.core.study import Study, Target
from tasks.spool.folder import FINISHED, HALF_MADE, HEADER, LANDED, LOCK, Folder, folders
from tasks.spool.header import RunHeader

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


class SpoolWriteError(FlipbookError):
    """A line could not be written whole. What was written before stays, and the run can be resumed."""


class Spool(Folder):
    """A run's folder while its process holds the lock. Use it as a context manager, or `close` it.

    The lock is `flock`'s, so that it ends with the process, however that ends.
    """

    def __init__(self, path: Path, lock: int) -> None:
        super().__init__(path)
        self._lock = lock
        self._files: dict[Target, int] = {}

    @classmethod
    def create(cls, root: Path, header: RunHeader) -> Self:
        """A new run's folder. It appears with its header and its lock, or not at all."""
        half_made, path = root / f"{HALF_MADE}{header.run_id}", root / header.run_id
        with _failures_named(path):
            half_made.mkdir(parents=True)
            lock = _try_lock(half_made / LOCK)
            if lock is None:
                raise SpoolWriteError(f"{root} is on a file system without flock: put the spool on another one.")
            write_durably(half_made / HEADER, header.model_dump_json(indent=2))
            half_made.rename(path)
            _sync_folder(root)
        return cls(path, lock)

    @classmethod
    def lock(cls, folder: Folder) -> Self | None:
        """The folder, locked; None where another process holds it or has landed it, or where it is another user's."""
        if (lock := _lock_of(folder)) is None:
            return None
        if folder.is_landed:
            # It landed between our look at it and our lock.
            os.close(lock)
            return None
        return cls(folder.path, lock)

    @classmethod
    def resumable(cls, root: Path, study: Study, day: dt.date) -> Self | None:
        """The oldest run of this study, day and configuration that has not landed and that nobody holds; else None.

        It may be finished: killed after its last call and before it landed, it must not be asked all over again; not so
        one that had landed, and lands again after a restore. And where its day is not over after all, so that a clock
        was wrong when it was closed, it goes on, landed or not.
        """
        for folder in folders(root):
            if folder.header.is_of(study, day) and (spool := cls._taken_up(folder)):
                return spool
        return None

    @classmethod
    def _taken_up(cls, folder: Folder) -> Self | None:
        if folder.was_left_behind:
            return cls._reopened(folder)
        if folder.is_landed or folder.lands_again:
            return None
        return cls.lock(folder) if not folder.is_finished or folder.says_its_end else None

    @classmethod
    def _reopened(cls, folder: Folder) -> Self | None:
        if (lock := _lock_of(folder)) is None:
            return None
        # In this order: killed in between, it only lands again.
        for name in (LANDED, FINISHED) if folder.was_left_behind else ():
            (folder.path / name).unlink(missing_ok=True)
        if folder.is_finished or not (folder.path / HEADER).exists():
            # Another process took it up, or removed it, between our look at it and our lock.
            os.close(lock)
            return None
        return cls(folder.path, lock)

    def append(self, target: Target, line: bytes) -> None:
        """Write one sample, newline included, wholly or not at all. Raises SpoolWriteError.

        One write call and no fsync: a killed process loses nothing that was written, a power cut may.
        """
        with _failures_named(self.path):
            _append_whole(self._file(target), line)

    def _file(self, target: Target) -> int:
        if target not in self._files:
            path = self.path / self.header.file_name(target)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            self._files[target] = file
            _drop_cut_line(file)
        return self._files[target]

    def finish(self, run: Run) -> None:
        """Make the samples durable, and say how the run ended. Raises SpoolWriteError."""
        with _failures_named(self.path):
            for target in self.header.study.targets:
                if (self.path / self.header.file_name(target)).exists():
                    os.fsync(self._file(target))
            write_durably(self.path / FINISHED, run.model_dump_json(indent=2))

    def close(self) -> None:
        """Let go of the files and the lock, so that the run can be resumed. A second time does nothing."""
        for file in (*self._files.values(), self._lock):
            if file >= 0:
                os.close(file)
        self._files, self._lock = {}, -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def write_durably(path: Path, text: str) -> None:
    """Write a small file so that it is there whole or not at all, even after a power cut."""
    half_written = path.with_name(f".{path.name}")
    with half_written.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half_written.replace(path)
    _sync_folder(path.parent)


@contextmanager
def _failures_named(path: Path) -> Iterator[None]:
    """What the system refuses, as one sentence."""
    try:
        yield
    except OSError as error:
        is_full = error.errno in FULL_DISK
        what = "The disk is full" if is_full else f"The spool cannot be written ({error.strerror})"
        mend = "make room" if is_full else "mend that"
        sentence = f"{what} at {path}: {mend} and run the study again; it goes on where it stopped."
        raise SpoolWriteError(sentence) from error


def _append_whole(file: int, line: bytes) -> None:
    end = os.lseek(file, 0, os.SEEK_END)
    try:
        if os.write(file, line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        os.ftruncate(file, end)
        raise


def _lock_of(folder: Folder) -> int | None:
    try:
        return _try_lock(folder.path / LOCK)
    except OSError:
        return None


def _try_lock(path: Path) -> int | None:
    # Not inheritable: a child process, such as the simulator, must not keep the lock alive.
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _drop_cut_line(file: int) -> None:
    """Cut the file back to its last whole line."""
    end = os.lseek(file, 0, os.SEEK_END)
    while end:
        start = max(0, end - 65536)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    os.ftruncate(file, end)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
