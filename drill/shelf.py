"""The spool as the drill watches it, without touching a lock."""

import datetime as dt
from pathlib import Path

from tasks.spool import Folder
from tasks.spool.folder import HEADER


class Shelf:
    """The runs of a spool by study and day; each header is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[Path, Folder] = {}

    def runs(self, study: str, day: dt.date) -> list[Folder]:
        """The runs of a study and day that are there."""
        for header in self._root.glob(f"[!.]*/{HEADER}"):
            if header.parent not in self._known:
                self._known[header.parent] = Folder(header.parent)
        return [
            folder
            for folder in self._known.values()
            if folder.path.exists() and (folder.header.study.name, folder.header.day) == (study, day)
        ]

    def not_landed(self) -> list[Folder]:
        """Every run that has not landed."""
        folders = [Folder(header.parent) for header in self._root.glob(f"[!.]*/{HEADER}")]
        return [folder for folder in folders if not folder.is_landed]
