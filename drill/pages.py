"""Whether every page still renders: written anew by the command line, and read."""

import subprocess
import sys
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

from drill.place import Place
from tasks.core.errors import FlipbookError
from tasks.settings import PROJECT

CLI = "from flows.cli import main; main()"
# An element that is never closed.
VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})


def pages_rendered(place: Place, studies: Iterable[str]) -> int:
    """How many pages there are. Raises FlipbookError where one is not whole, or a study has none."""
    command = [sys.executable, "-c", CLI, "report"]
    done = subprocess.run(command, cwd=PROJECT, env=place.environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FlipbookError(f"The pages were not written: {done.stderr.strip()}")
    pages = sorted(place.settings.site.rglob("*.html"))
    broken = [page for page in pages if not is_whole(page)]
    if broken:
        raise FlipbookError(f"{broken[0]} is not a whole page.")
    index = (place.settings.site / "index.html").read_text(encoding="utf-8")
    if missing := sorted(study for study in studies if study not in index):
        raise FlipbookError(f"{missing[0]} is not on the index.")
    return len(pages)


class _Elements(HTMLParser):
    """Counts what is opened and not closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.is_nested = True
        self.headings = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's own
        if tag not in VOID:
            self.open.append(tag)
        self.headings += tag == "h1"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element that closes itself, as in a drawing."""

    def handle_endtag(self, tag: str) -> None:
        self.is_nested &= bool(self.open) and self.open.pop() == tag


def is_whole(page: Path) -> bool:
    """Whether every element of a page is closed in turn, and it has its one heading."""
    elements = _Elements()
    elements.feed(page.read_text(encoding="utf-8"))
    elements.close()
    return elements.is_nested and not elements.open and elements.headings == 1
