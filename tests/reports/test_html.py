"""Properties that every page has, whatever its data say."""

import csv
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from reports.names import study_folder

VOID = {"meta", "link", "br", "input", "img", "hr"}
MOST_BYTES = 500_000


class Page(HTMLParser):
    """What a page is made of: its elements with their attributes, and whether they nest."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element of SVG that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """The element that is open last must be the one that ends."""
        assert self.open.pop() == tag

    def ids(self) -> list[str]:
        """Every id."""
        return [attributes["id"] or "" for _, attributes in self.elements if "id" in attributes]


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    """Every page of the site, parsed."""
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_element_is_closed_and_every_id_is_there_once(pages: dict[Path, Page]) -> None:
    """Well-formed, so that anchors and labels lead somewhere."""
    for page in pages.values():
        assert page.open == []
        assert len(page.ids()) == len(set(page.ids()))


def test_no_page_has_a_script_or_loads_anything(pages: dict[Path, Page]) -> None:
    """No script, no handler, no frame, no resource from anywhere; links lead into the site only."""
    for page in pages.values():
        for tag, attributes in page.elements:
            assert tag not in {"script", "iframe", "object", "embed", "img", "form", "base"}
            assert not any(name.startswith("on") or name in {"src", "srcset", "xlink:href"} for name in attributes)
            href = attributes.get("href") or ""
            assert href == "data:," if tag == "link" else ":" not in href


def test_every_page_forbids_what_it_does_not_need(pages: dict[Path, Page]) -> None:
    """A policy without network, scripts and forms, in every page."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    for page in pages.values():
        assert ("meta", {"http-equiv": "Content-Security-Policy", "content": policy}) in page.elements


def test_styles_load_nothing(site: Path) -> None:
    """No import and no address in any style, the drawings' included."""
    for path in site.rglob("*.html"):
        assert not re.search(r"@import|url\((?!#)", path.read_text(encoding="utf-8"))


def test_every_page_is_small(site: Path) -> None:
    """Under 500 kB, whatever it shows."""
    assert max(path.stat().st_size for path in site.rglob("*.html")) < MOST_BYTES


def test_links_lead_to_files_and_anchors_that_exist(site: Path, pages: dict[Path, Page]) -> None:
    """Pages, CSV and JSON files, and the method page's terms."""
    for path, page in pages.items():
        for _, attributes in page.elements:
            href = attributes.get("href") or ""
            if not href or href.startswith("data:"):
                continue
            file, _, anchor = href.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.is_relative_to(site.resolve())
            assert target.exists(), href
            assert not anchor or anchor in pages[target if file else path].ids(), href


def test_headings_go_down_one_level_at_a_time(pages: dict[Path, Page]) -> None:
    """One h1, and no level skipped."""
    for page in pages.values():
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1
        assert all(below - above <= 1 for above, below in pairwise(levels))


def test_every_drawing_has_a_text_alternative(pages: dict[Path, Page]) -> None:
    """One role and one name each."""
    for page in pages.values():
        drawings = [attributes for tag, attributes in page.elements if tag == "svg"]
        assert all(d.get("role") == "img" and (d.get("aria-label") or d.get("aria-labelledby")) for d in drawings)


def test_hostile_text_stays_text(site: Path, hostile: str) -> None:
    """As study, model, prompt and fingerprint: it is shown, and it is nothing else."""
    html = (site / study_folder(hostile) / "index.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert (
        html.count("&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;⟨U+202E⟩⟨U+0007⟩ ${{7*7}} {{ 7*7 }} &amp;amp;") > 4
    )
    assert "\u202e" not in html


def test_csv_files_hold_every_row_unrounded(site: Path) -> None:
    """The values of the flips: 42 log-probabilities in full, by fingerprint, ten thousand calls in all."""
    with (site / "ten-thousand-flips" / "index.values.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["logprob"] for row in rows}) == 42
    assert sum(int(row["n"]) for row in rows) == 10_000


def test_csv_files_hold_the_intervals_too(site: Path) -> None:
    """Of the modal share, of every outcome, and of every fingerprint."""
    folder = site / "ten-thousand-flips"
    for name, low in (("spread", "modal_wilson_low"), ("availability", "wilson_low"), ("fingerprints", "wilson_low")):
        with (folder / f"index.{name}.csv").open(encoding="utf-8", newline="") as file:
            assert all(0 < float(row[low]) < 1 for row in csv.DictReader(file))


def test_nothing_half_written_is_left(site: Path) -> None:
    """Every file was written aside and renamed."""
    assert not list(site.rglob("*.tmp"))
