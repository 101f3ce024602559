"""Pages for everybody: axe's rules, the keyboard alone, no scripts, and a server with a policy of its own."""

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tasks.aggregate import aggregate
from tasks.compare import compare
from tasks.land import import_file
from tasks.render import render_site
from tasks.settings import Settings
from tasks.warehouse import Warehouse

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
DAYS = ("2026-10-01", "2026-10-02", "2026-10-03")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
STRICT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
PAGES = ("index", "method", "flips/index", f"flips/{DAYS[2]}", "stories/index", f"stories/{DAYS[2]}", "compare")
SOME_PAGES = ("index", "flips/index", f"stories/{DAYS[2]}", "compare")
REACHED = "a[href], summary, input:checked, [tabindex='0']"
# axe does not look into drawings. Contrast as WCAG computes it, of every word in one.
FAINT_WORDS = """() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = colour => colour.slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = rgb(getComputedStyle(document.body).backgroundColor);
  const opacity = one => one.closest('svg') ? Number(getComputedStyle(one).opacity) * opacity(one.parentElement) : 1;
  return [...document.querySelectorAll('figure svg text')].filter(one => one.textContent.trim()).filter(one => {
    const seen = opacity(one) * Number(getComputedStyle(one).fillOpacity);
    const ink = rgb(getComputedStyle(one).fill).slice(0, 3).map((c, i) => seen * c + (1 - seen) * paper[i]);
    const [low, high] = [light(ink), light(paper)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) < 4.5;
  }).map(one => one.textContent);
}"""


def line(study: str, arm: str, day: str, repeat: int, text: str, logprob: float | None) -> dict[str, Any]:
    """One line of a simulated recording: a completion, and where it is given the log-probability of its first token."""
    first = {"token": "Heads", "logprob": logprob, "top_logprobs": [{"token": "Heads", "logprob": logprob}]}
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
        "logprobs": None if logprob is None else {"content": [first]},
    }
    response = {
        "id": f"{study}-{arm}-{day}-{repeat}",
        "model": "m",
        "system_fingerprint": "fp_new" if day == DAYS[2] else "fp_old",
        "choices": [choice],
        "usage": {"prompt_tokens": 5, "completion_tokens": len(text.split())},
    }
    return {
        "study": study,
        "endpoint": "simulator",
        "arm": arm,
        "prompt": "asked",
        "repeat": repeat,
        "requested_at": f"{day}T12:00:{repeat:02}Z",
        "status": 200,
        "request": {"model": "m", "messages": [{"role": "user", "content": "Ask."}], "temperature": 0},
        "response": json.dumps(response),
        "headers": {"x-flipbook-simulated": "1"},
    }


def lines() -> Iterator[dict[str, Any]]:
    """Flips whose values and fingerprint change on the third day, and stories of two arms."""
    for day in DAYS:
        for repeat in range(30):
            yield line("flips", "a", day, repeat, "Heads", -0.01 * (1 + repeat % 3) - (0.2 if day == DAYS[2] else 0))
        for repeat in range(8):
            yield line("stories", "a", day, repeat, f"Once there was a ship {repeat % 3} on Mars", None)
            yield line("stories", "b", day, repeat, f"Once there was a ship {repeat} on the sea of {day}", None)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of these recordings, with two days of the flips side by side in `compare.html`."""
    folder = tmp_path_factory.mktemp("accessible")
    settings = Settings(warehouse=str(folder / "flipbook.duckdb"), site=folder / "site")
    recording = folder / "recording.ndjson"
    recording.write_text("".join(json.dumps(one) + "\n" for one in lines()), encoding="utf-8")
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, import_file(warehouse, recording, NOON).days, [])
        render_site(warehouse.report, settings.site)
    compare(settings, f"flips@{DAYS[1]}", f"flips@{DAYS[2]}").page.rename(settings.site / "compare.html")
    return settings.site


@pytest.fixture(scope="module")
def strict_address(pages: Path) -> Iterator[str]:
    """The site behind a server that sends a strict policy with every answer."""

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", STRICT)
            super().end_headers()

        def log_message(self, *_: object) -> None:
            """Not on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(pages))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def opened(browser: Browser, pages: Path) -> Iterator[Callable[..., Page]]:
    """Opens pages from the disk; all are closed with the test."""
    contexts = []

    def one(name: str, **options: Any) -> Page:
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options}))
        page = contexts[-1].new_page()
        page.goto((pages / f"{name}.html").as_uri())
        return page

    yield one
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(opened: Callable[..., Page], name: str) -> None:
    """With every disclosure open, in light and in dark, WCAG 2.2 AA and axe's best practice."""
    page = opened(name)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    # What a scheme changes is its colours.
    for scheme, rules in (("light", RULES), ("dark", ["color-contrast"])):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]}).response
        assert found["passes"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
        assert page.evaluate(FAINT_WORDS) == []


def test_axe_finds_what_is_wrong(opened: Callable[..., Page]) -> None:
    """A faint word is found, in a paragraph and in a drawing: so nothing found means something."""
    page = opened("flips/index")
    page.evaluate("document.querySelector('.lead').style.color = '#ddd'")
    page.evaluate("document.querySelector('figure svg text').style.fill = '#ddd'")
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    assert [one["id"] for one in found] == ["color-contrast"]
    assert len(page.evaluate(FAINT_WORDS)) == 1


@pytest.mark.parametrize("name", SOME_PAGES)
def test_the_keyboard_alone_reaches_everything(opened: Callable[..., Page], name: str) -> None:
    """The skip link comes first, and each link, disclosure, choice and scrolling region in its turn, visibly."""
    page = opened(name)
    for summary in page.locator("summary").all():
        summary.focus()
        page.keyboard.press("Enter")
    wanted = page.evaluate(
        f'[...document.querySelectorAll("{REACHED}")].filter(one => one.checkVisibility()).map((one, i) => one.id2 = i)'
    )
    reached = []
    page.locator(".skip").focus()
    for _ in wanted:
        place, outline = page.evaluate(
            "[document.activeElement.id2, parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
            " * (getComputedStyle(document.activeElement).outlineStyle != 'none')]"
        )
        assert outline >= 2, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        reached.append(place)
        page.keyboard.press("Tab")
    assert reached == wanted
    assert page.locator("details:not([open])").count() == 0


def test_the_skip_link_skips(opened: Callable[..., Page]) -> None:
    """It shows when it has the focus, and the next stop after it lies in the content."""
    page = opened("flips/index")
    page.keyboard.press("Tab")
    box = page.locator(".skip").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("name", SOME_PAGES)
def test_a_page_says_the_same_without_scripts(opened: Callable[..., Page], name: str) -> None:
    """Every word, and every drawing in its size."""
    shown = [
        (page.locator("body").inner_text(), [one.bounding_box() for one in page.locator("svg").all()])
        for page in (opened(name), opened(name, java_script_enabled=False))
    ]
    assert shown[0] == shown[1]
    assert len(shown[0][0]) > 500


@pytest.mark.parametrize("name", SOME_PAGES)
def test_a_page_is_whole_under_a_servers_strict_policy(
    browser: Browser, opened: Callable[..., Page], strict_address: str, name: str
) -> None:
    """As from the disk: words, drawings and colours, without a complaint and without a request but for itself."""
    complaints: list[str] = []
    asked: list[str] = []
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{strict_address}/{name}.html")
        on_disk = opened(name)
        # Width and colour of everything come from styles, in the page's head and at its elements.
        styled = "[...document.querySelectorAll('body *')].map(one => [one.clientWidth, getComputedStyle(one).backgroundImage])"
        assert page.evaluate(styled) == on_disk.evaluate(styled)
        assert page.locator("body").inner_text() == on_disk.locator("body").inner_text()
    assert complaints == []
    assert [url for url in asked if not url.startswith("data:")] == [f"{strict_address}/{name}.html"]
