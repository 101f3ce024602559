"""The site: every page with its view as JSON and its figures' rows as CSV, each file replaced whole."""

import csv
import dataclasses
import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from reports.terms import TERMS
from reports.view import Sheet

TEMPLATES = Path(__file__).parent / "templates"
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")


@dataclass(frozen=True, slots=True)
class Page:
    """A page before it is written: `path` inside the site, a view, drawings by anchor, sheets beside it."""

    path: str
    template: str
    view: Any
    charts: Mapping[str, str]
    sheets: list[Sheet]


class Site:
    """The folder that pages are written to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Everything in a page may come from a model or a recording, so escaping is not left to a file's name.
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["dated"] = dated

    def write(self, page: Page) -> Path:
        """Writes the page and the files beside it; returns the page's path. Raises OSError where it cannot."""
        path = self.folder / page.path
        path.parent.mkdir(parents=True, exist_ok=True)
        for sheet in page.sheets:
            _replace(path.with_suffix(f".{sheet.name}"), _as_csv(sheet))
        _replace(path.with_suffix(".json"), as_json(page.view))
        _replace(path, self.html(page))
        return path

    def html(self, page: Page) -> str:
        """The page as HTML."""
        stem = Path(page.path).stem
        return self._environment.get_template(page.template).render(
            view=page.view,
            # The drawings are our own markup, made by charts.py; nothing else is ever trusted.
            charts={anchor: Markup(svg) for anchor, svg in page.charts.items()},
            terms=TERMS,
            root="../" * page.path.count("/"),
            stem=stem,
            json=f"{stem}.json",
        )


def dated(text: str) -> Markup:
    """Text in which no line ends within a day. What it is given is escaped."""
    return Markup(_DAY.sub(r'<span class="nowrap">\g<0></span>', str(escape(text))))


def as_json(view: Any) -> str:
    """A view as JSON, readable and stable."""
    return json.dumps(dataclasses.asdict(view), indent=1, ensure_ascii=False) + "\n"


def _as_csv(sheet: Sheet) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(sheet.header)
    writer.writerows(sheet.rows)
    return text.getvalue()


def _replace(path: Path, text: str) -> None:
    """A reader sees the old file or the new one, never half of one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        # A lone surrogate of a hostile recording must not stop a page.
        temporary.write_text(text, encoding="utf-8", errors="replace", newline="")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
