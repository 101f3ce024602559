"""PostgreSQL for Prefect's server: a cluster of the drill's own."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from drill.parts import Part
from drill.place import HOST, Place
from drill.processes import family, kill
from tasks.core.errors import UsageError

# PostgreSQL refuses root: then it runs as the user that its package brings.
USER = "postgres"
PATIENCE_S, PAUSE_S = 10.0, 0.2


class Database(Part):
    """The cluster as a part. Killed, it is killed with every process that serves a connection, and recovers at its next start."""

    def __init__(self, place: Place) -> None:
        """Makes an empty cluster. Raises UsageError where PostgreSQL is not installed, or makes none."""
        self._data = place.folder / "database"
        binaries = _binaries()
        _make(binaries, self._data, place.environment)
        options = ("-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories=", "-p", str(place.database_port))
        command = [*_as_user(), str(binaries / "postgres"), "-D", str(self._data), *options]
        log = place.folder / "logs" / "database"
        super().__init__("database", ("drill.program", *command), place.environment, log)

    def shut_down(self) -> None:
        """As its own service does: connections are ended, and everything is on the disk. Killed, where that takes long."""
        assert self._child is not None
        deadline = time.monotonic() + PATIENCE_S
        while self.is_alive and time.monotonic() < deadline:
            # The file may still name the one before: only one of ours is meant.
            if (postmaster := self._postmaster()) in family(self._child.pid):
                kill([postmaster], signal.SIGINT)
            time.sleep(PAUSE_S)
        self.kill()

    def _postmaster(self) -> int | None:
        with suppress(OSError, ValueError, IndexError):
            return int((self._data / "postmaster.pid").read_text().split()[0])
        return None


def _binaries() -> Path:
    """Where PostgreSQL's programs are: on the path, or where Debian puts them, the newest."""
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not installed:
        raise UsageError("The drill needs PostgreSQL's server: install it (on Debian, apt-get install postgresql).")
    return installed[-1].parent


def _make(binaries: Path, data: Path, environment: Mapping[str, str]) -> None:
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(data, USER)
    command = [*_as_user(), str(binaries / "initdb"), "--auth=trust", "--username=prefect", "--encoding=UTF8", "-D"]
    made = subprocess.run([*command, str(data)], cwd="/", env=environment, capture_output=True, text=True, check=False)
    if made.returncode:
        raise UsageError(f"PostgreSQL made no cluster in {data}: {made.stderr.strip().splitlines()[-1]}")


def _as_user() -> list[str]:
    return ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
