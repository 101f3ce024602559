"""A spool disk that can be filled: a small tmpfs where mounting is allowed, else a limit on the size of each process's files."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

SIZE_MB = 48
_IN_NAMESPACE = "DRILL_IN_NAMESPACE"


class Tmpfs:
    """A small file system of its own at `folder`."""

    name = f"a tmpfs of {SIZE_MB} MB"

    def __init__(self, folder: Path) -> None:
        """Mounts it. Raises OSError where that is not allowed."""
        options = f"size={SIZE_MB}m,mode=755"
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "drill", str(folder)], capture_output=True, check=False
        )
        if mounted.returncode:
            raise OSError(mounted.stderr.decode().strip())
        self._folder = folder
        self._ballast = folder / ".ballast"

    def fill(self, pids: Iterable[int]) -> None:  # noqa: ARG002 - it is full for everybody
        """Leave no room, until `empty`."""
        with self._ballast.open("ab") as ballast, suppress(OSError):
            while room := shutil.disk_usage(self._folder).free:
                os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), room)

    def empty(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it."""
        subprocess.run(["umount", "--lazy", str(self._folder)], capture_output=True, check=False)


class FileLimit:
    """The stand-in: for a while, no file of a run's process grows past a few kilobytes, as if its quota were used up."""

    name = "RLIMIT_FSIZE, because mounting is not allowed here"
    _BYTES = 8192

    def __init__(self) -> None:
        self._limited: list[int] = []

    def fill(self, pids: Iterable[int]) -> None:
        """Limit these processes, until `empty`."""
        for pid in pids:
            self._set(pid, self._BYTES)
            self._limited.append(pid)

    def empty(self) -> None:
        """Take the limits back."""
        for pid in self._limited:
            self._set(pid, None)
        self._limited.clear()

    def close(self) -> None:
        """Nothing is left to let go of."""

    @staticmethod
    def _set(pid: int, limit: int | None) -> None:
        with suppress(ProcessLookupError, PermissionError):
            _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if limit is None else limit, most))


def spool_disk(folder: Path) -> Tmpfs | FileLimit:
    """The better one of what is allowed here."""
    if _IN_NAMESPACE in os.environ:
        with suppress(OSError):
            return Tmpfs(folder)
    return FileLimit()


def enter_namespace(arguments: Sequence[str]) -> None:
    """Start the drill anew among mounts of its own, if that is allowed: they end with it, however it ends."""
    if _IN_NAMESPACE in os.environ or os.geteuid() or not shutil.which("unshare"):
        return
    apart = ["unshare", "--mount", "--propagation", "private"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode == 0:
        os.environ[_IN_NAMESPACE] = "1"
        os.execvp(apart[0], [*apart, sys.executable, "-m", "drill", *arguments])
