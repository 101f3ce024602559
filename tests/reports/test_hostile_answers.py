"""Whatever a model, a server or a recording says is shown as text, is bounded, and stays inside the site."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tasks.aggregate import aggregate
from tasks.compare import compare
from tasks.land import import_file
from tasks.render import render_site
from tasks.settings import Settings
from tasks.warehouse import Warehouse

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
DAYS = ("2026-10-01", "2026-10-02")
MOST_BYTES = 500_000
MARKUP = (
    "<script>window.hit=1</script>",
    '<img src="http://127.0.0.1:9/x" onerror="window.hit=1">',
    "</style></title></textarea><svg onload=window.hit=1>",
    '" onfocus="window.hit=1" autofocus tabindex="1" x="',
    "' onmouseover='window.hit=1",
    '<a href="javascript:window.hit=1">here</a>',
    '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">',
    "<style>*{background:url(http://127.0.0.1:9/)}</style><base href=http://127.0.0.1:9/>",
    '<iframe srcdoc="<script>parent.hit=1</script>"></iframe><!--',
    "]]><script>window.hit=1</script>&lt;b&gt;{{ 7*7 }}{% raw %}${7*7}",
)
UNSEEN = "\x00\x07\x1b[31m\x7f\x9b\u200f\u202e\u2066\u2028\ufeff\ufffd שלום"
LONG = ("x" * 2_000_000, "e" + "\u0301" * 100_000, "\n" * 50_000, "<b>" * 300_000)
NAME = UNSEEN + "".join(MARKUP)
STUDIES = (
    *("../../escape", "..", "/etc/passwd", "a\\b", "nul\x00byte", "compare", "y" * 5_000),
    *("CaseStudy", "casestudy", "ca\u017festudy"),
)
# What a page may hold of itself: line ends, and the isolates that it puts around text from right to left.
UNSEEN_IN_A_PAGE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2067\ufeff]")


def line(repeat: int, text: str, day: str, **more: Any) -> dict[str, Any]:
    """One line of a recording in which every name is hostile."""
    entry = {
        "token": NAME,
        "logprob": -0.1 - repeat % 2,
        "top_logprobs": [{"token": NAME, "logprob": -0.1 - repeat % 2}],
    }
    choice = {
        "index": 0,
        "finish_reason": NAME,
        "message": {"role": "assistant", "content": text},
        "logprobs": {"content": [entry]},
    }
    response = {
        "id": f"{repeat}{day}{NAME}",
        "model": NAME,
        "system_fingerprint": NAME + day,
        "service_tier": NAME,
        "choices": [choice],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1},
    }
    return {
        **dict.fromkeys(("study", "endpoint", "arm", "prompt", "follow", "run_id"), NAME),
        "repeat": repeat,
        "requested_at": f"{day}T12:{repeat // 60:02}:{repeat % 60:02}Z",
        "status": 200,
        "request": {"model": NAME, "messages": [{"role": NAME, "content": NAME}], NAME: NAME},
        "response": json.dumps(response),
        "headers": {"x-request-id": NAME, NAME: NAME},
        **more,
    }


def lines() -> Iterator[dict[str, Any]]:
    """Two days of such answers, failures that say the same, and one answer of each study with a name to escape by."""
    for day in DAYS:
        for repeat, text in enumerate((*MARKUP, UNSEEN, *LONG, *MARKUP)):
            yield line(repeat, text, day)
        yield line(98, "", day, status=500, response=None, error=NAME)
        yield line(99, "", day, response=f"<html>{NAME}")
    for study in STUDIES:
        # Pages are made of the second day alone: enough with one of the longest name.
        yield line(0, "Heads", DAYS[len(study) > 1_000], study=study, run_id=None)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the site of these recordings in `site`, and nothing else that a page could have written."""
    folder = tmp_path_factory.mktemp("hostile")
    settings = Settings(warehouse=str(folder / "flipbook.duckdb"), site=folder / "deep" / "down" / "site")
    recording = folder / "recording.ndjson"
    recording.write_text("".join(json.dumps(one) + "\n" for one in lines()), encoding="utf-8")
    with Warehouse.open(settings) as warehouse:
        landing = import_file(warehouse, recording, NOON)
        assert not landing.rejects
        aggregate(warehouse, landing.days, [])
        render_site(warehouse.report, settings.site, days=[dt.date.fromisoformat(DAYS[1])])
    compare(settings, f"{NAME}@{DAYS[0]}", f"{NAME}@{DAYS[1]}")
    return folder


@pytest.fixture(scope="module")
def pages(written: Path) -> list[Path]:
    """Every page."""
    return sorted(written.rglob("*.html"))


def test_nothing_runs_and_nothing_is_asked_for(browser: Browser, pages: list[Path]) -> None:
    """Not even with the page's own policy switched off: what holds is that text is text."""
    asked: list[str] = []
    said: list[str] = []
    with browser.new_context(bypass_csp=True, viewport={"width": 360, "height": 800}) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        for path in pages:
            page.goto(path.as_uri())
            page.keyboard.press("Tab")
            assert page.evaluate("window.hit") is None
            assert page.locator("script, img, iframe, object, embed, base, [onload], [onerror], [onfocus]").count() == 0
            assert page.locator("style").count() == 1
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri() for path in pages]
    assert said == []


def test_a_script_in_a_completion_is_read_by_its_reader(browser: Browser, pages: list[Path]) -> None:
    """As it was said."""
    shown = ""
    page = browser.new_page()
    for path in pages:
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        shown += page.locator("body").inner_text()
    page.close()
    assert all(markup in shown for markup in MARKUP)


def test_pages_are_bounded_and_show_what_cannot_be_seen(pages: list[Path]) -> None:
    """Megabytes are cut, and control characters and marks of direction have names."""
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert len(text.encode()) < MOST_BYTES, path
        assert UNSEEN_IN_A_PAGE.search(text) is None, path
    assert any("⟨U+202E⟩" in path.read_text(encoding="utf-8") for path in pages)


def test_no_name_leads_out_of_the_site(written: Path, pages: list[Path]) -> None:
    """Every study has a folder of its own in it, also where file names have no case."""
    site = written / "deep" / "down" / "site"
    assert all(path.is_relative_to(site) for path in pages)
    assert [path.name for path in (written / "deep").rglob("*") if path.parent in {written / "deep", site.parent}] == [
        "down",
        "site",
    ]
    folders = {path.parent.relative_to(site).as_posix().casefold() for path in pages if path.name == "index.html"}
    assert len(folders - {"."}) == len({*STUDIES, NAME})
    assert all(len(part) < 120 for path in pages for part in path.relative_to(site).parts)
