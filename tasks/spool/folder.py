"""A run's folder, as anyone may read it."""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tasks.core.runs import Run
from tasks.core.study import Target
from tasks.spool.header import RunHeader

HEADER, LOCK, FINISHED, LANDED = "run.json", "lock", "finished.json", "landed"
# A folder that is still being made, or already being removed: nobody reads it.
HALF_MADE = ".half-"
# In LANDED, in place of the end that landed: a restore has put another warehouse in the place of the one that has it.
AGAIN = "again"

LEFT_BEHIND = "its process was stopped or killed, and its day is over"

# What resuming needs of a line.
NEEDED = frozenset({"arm", "prompt", "repeat", "status", "response"})

SampleLine = dict[str, Any]
"""One sample in the recording format."""

log = logging.getLogger(__name__)


class Folder:
    """One run's folder. Reading it needs no lock: its files only grow, line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def header(self) -> RunHeader:
        """What the run set out to do."""
        return RunHeader.model_validate_json((self.path / HEADER).read_bytes())

    @property
    def is_finished(self) -> bool:
        """Whether nothing will be sampled any more."""
        return (self.path / FINISHED).exists()

    @property
    def is_landed(self) -> bool:
        """Whether its samples are in the warehouse: those up to its end as it is now, if it was taken up again since."""
        try:
            landed = (self.path / LANDED).read_text(encoding="utf-8")
            return landed != AGAIN and landed in ("", _name_of(self.run))
        except FileNotFoundError:
            return False
        except (OSError, ValidationError):
            # An end that this version cannot read is none that it took up again.
            return True

    @property
    def lands_again(self) -> bool:
        """Whether it landed once, and shall once more. It is an ended run: the next one of its study asks for itself."""
        with suppress(OSError):
            return (self.path / LANDED).read_text(encoding="utf-8") == AGAIN
        return False

    @property
    def run(self) -> Run:
        """The run as it ended. Raises FileNotFoundError while it is unfinished."""
        return Run.model_validate_json((self.path / FINISHED).read_bytes())

    @property
    def says_its_end(self) -> bool:
        """Whether `run` can be read; one that cannot is left alone, with a warning."""
        try:
            return bool(self.run)
        except (OSError, ValidationError) as error:
            _warn(self.path / FINISHED, "end", error)
            return False

    @property
    def sample_files(self) -> list[Path]:
        """One file a target that was asked, in the study's order."""
        files = (self.path / self.header.file_name(target) for target in self.header.study.targets)
        return [file for file in files if file.exists()]

    def samples(self, target: Target) -> Iterator[SampleLine]:
        """The samples of a target. A line that is no sample, or was cut off, is passed over."""
        file = self.path / self.header.file_name(target)
        if not file.exists():
            return
        with file.open("rb") as lines:
            for line in lines:
                if (sample := _sample(line)) is not None:
                    yield sample

    @property
    def was_left_behind(self) -> bool:
        """Whether another process closed it, by a clock on which its day was over."""
        return self.is_finished and self.says_its_end and self.run.reason == LEFT_BEHIND

    def mark_landed(self, end: Run | None = None) -> None:
        """Remember that every sample is in the warehouse: from now on, the same command begins a new run.

        `end` is the one that landed, where there may be another by now. What cannot be remembered lands again.
        """
        # Another process may have landed it as well, and removed it since; or the disk is full.
        with suppress(OSError):
            (self.path / LANDED).write_text(_name_of(end or self.run), encoding="utf-8")


def folders(root: Path) -> Iterator[Folder]:
    """Every run's folder under `root`, oldest first. One whose header cannot be read is left alone, with a warning."""
    for header in sorted(root.glob(f"[!.]*/{HEADER}")):
        folder = Folder(header.parent)
        try:
            folder.header  # noqa: B018 - read once here, so that nobody stumbles over it later
        except (OSError, ValidationError) as error:
            _warn(header, "header", error)
        else:
            yield folder


def _name_of(end: Run) -> str:
    return f"{end.state} {end.attempted} {end.ended_at.isoformat()}"


def _warn(file: Path, what: str, error: Exception) -> None:
    log.warning("Left alone: %s is no %s that this version can read (%s).", file, what, type(error).__name__)


def _sample(line: bytes) -> SampleLine | None:
    if not line.endswith(b"\n"):
        return None
    try:
        sample = json.loads(line)
    except ValueError:
        return None
    return sample if isinstance(sample, dict) and sample.keys() >= NEEDED else None
