"""Recordings as files: reading what others wrote, and writing it again clean, for landing."""

import gzip
import hashlib
import itertools
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from tasks.core.canonical import digest
from tasks.core.errors import FlipbookError, UsageError
from tasks.core.recording import Record, Reject, line_of, numbered, read_lines

# What is read at once where lines are so long that more of them do not fit into memory.
PIECE_BYTES = 8_000_000
_NO_REPEAT = b'{"repeat":null'


@dataclass
class CleanRecording:
    """A recording written again with every field filled, and what could not be read of it.

    `runs` has, per run id, its study and the times (ISO 8601, UTC) of its first and last request.
    """

    source: Path
    file: Path
    file_id: str
    samples: int = 0
    rejects: list[Reject] = field(default_factory=list)
    runs: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def import_id(self, study: str) -> str:
        """The id of the run that holds one study's samples which name no run: the same for the same file."""
        return f"import-{digest(self.file_id + study, 12)}"

    def note(self, record: Record) -> None:
        """Count a record, and widen its run's times by it."""
        fields = record.fields
        self.samples += 1
        _, first, last = self.runs.get(fields["run_id"], ("", fields["requested_at"], fields["requested_at"]))
        times = (first, last, fields["requested_at"])
        self.runs[fields["run_id"]] = (fields["study"], min(times), max(times))


def clean(source: Path, file: Path) -> CleanRecording:
    """Write `source` (NDJSON, or gzipped) again to `file`, clean. Raises UsageError where it is empty or unreadable."""
    unnumbered: list[tuple[int, tuple[str, ...], str]] = []
    try:
        recording = CleanRecording(source, file, _file_id(source))
        with _lines(source) as lines, file.open("wb") as out:
            for item in read_lines(lines):
                if isinstance(item, Reject):
                    recording.rejects.append(item)
                    continue
                item.fields["run_id"] = item.fields["run_id"] or recording.import_id(item.fields["study"])
                if item.fields["repeat"] is None:
                    unnumbered.append((recording.samples, item.series_and_day, item.fields["requested_at"]))
                recording.note(item)
                out.write(line_of(item.fields))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UsageError(f"{source} is no whole gzip file: {error}.") from error
    except OSError as error:
        raise FlipbookError(f"{source} cannot be imported: {error.strerror}.") from error
    if not recording.samples and not recording.rejects:
        raise UsageError(f"{source} is empty: a recording has one sample a line.")
    if unnumbered:
        _fill_repeats(file, numbered(unnumbered))
    return recording


def pieces(files: Iterable[Path], folder: Path) -> Iterator[Path]:
    """Recordings cut into small files in `folder`, each of some lines, and a long line alone."""
    names = (folder / f"piece-{number}.ndjson" for number in itertools.count())
    for file in files:
        with file.open("rb") as lines:
            while piece := lines.readlines(PIECE_BYTES):
                name = next(names)
                name.write_bytes(b"".join(piece))
                yield name


def refuse_unreadable(source: Path) -> None:
    """Raises UsageError where a file cannot be opened: before there is a warehouse that waits for it."""
    _open(source).close()


def _fill_repeats(file: Path, repeats: dict[int, int]) -> None:
    filled = file.with_suffix(".numbered")
    with file.open("rb") as lines, filled.open("wb") as out:
        for index, line in enumerate(lines):
            repeat = repeats.get(index)
            out.write(line if repeat is None else line.replace(_NO_REPEAT, b'{"repeat":%d' % repeat, 1))
    filled.replace(file)


@contextmanager
def _lines(source: Path) -> Iterator[BufferedReader | gzip.GzipFile]:
    with _open(source) as file:
        yield gzip.GzipFile(fileobj=file) if source.suffix == ".gz" else file


def _open(source: Path) -> BufferedReader:
    try:
        return source.open("rb")
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}.") from error


def _file_id(source: Path) -> str:
    # Of what it says: gzipped or not, it is the same recording.
    with _lines(source) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
