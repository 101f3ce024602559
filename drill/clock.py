"""Clocks that jump, by libfaketime: for Prefect's server, for a worker and its runs, and for the time of day alone."""

import os
from pathlib import Path

from drill.place import Place
from tasks.settings import PROJECT

LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")
RIGHT = "+0"
FILE = "FAKETIME_TIMESTAMP_FILE"
MENDED = Path(__file__).parent / "faketime"


def library() -> Path | None:
    """libfaketime for programs with threads, where Debian's package `faketime` puts it; None where it is not installed."""
    return next((path for pattern in LIBRARIES for path in Path("/").glob(pattern.lstrip("/"))), None)


class Clocks:
    """One file each says how far a part's clock is off. Durations are left alone, as when a real clock is set."""

    def __init__(self, place: Place) -> None:
        self._folder = place.folder / "clocks"
        self._library = library()

    @property
    def are_there(self) -> bool:
        """Whether clocks can jump at all."""
        return self._library is not None

    def environment(self, name: str) -> dict[str, str]:
        """What a part is started with whose clock may jump. What it starts in turn has the same clock."""
        file = self._folder / name
        file.write_text(RIGHT)
        return {
            "LD_PRELOAD": str(self._library),
            FILE: str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": f"{MENDED}{os.pathsep}{PROJECT}",
        }

    def set(self, name: str, jump: str) -> None:
        """Set a part's clock so far off the right time, such as `+30h`."""
        # At once: a process that reads half a file has no clock at all.
        half_written = self._folder / f"{name}.new"
        half_written.write_text(jump)
        half_written.replace(self._folder / name)

    @staticmethod
    def tidy() -> None:
        """Remove what the library leaves in shared memory where its process was killed."""
        for left in Path("/dev/shm").glob("*faketime_s*_*"):
            if not Path("/proc", left.name.rpartition("_")[2]).exists():
                left.unlink(missing_ok=True)
