"""The pages in a real browser: wide and narrow, light and dark, by keyboard and in print."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

PAGES = (
    "index",
    "method",
    "ten-thousand-flips/index",
    "local-coin/index",
    "local-coin/2026-10-11",
    "demo/index",
    "hostile",
)


@pytest.fixture
def address(site: Path, request: pytest.FixtureRequest) -> str:
    """The address of a page; `hostile` is the study whose every name is hostile."""
    name: str = request.param
    path = next(site.glob("script-alert*/index.html")) if name == "hostile" else site / f"{name}.html"
    return path.as_uri()


@pytest.mark.parametrize("address", PAGES, indirect=True)
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_its_window_and_asks_for_nothing(browser: Browser, address: str, width: int, scheme: str) -> None:
    """Nothing overflows, is requested or complained of, and the reader's scheme is kept."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in requests if not url.startswith("data:")] == [address]
    assert complaints == []
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") is (scheme == "light")
    page.close()


@pytest.mark.parametrize(
    "address", ["ten-thousand-flips/index", "local-coin/index", "local-coin/2026-10-11", "demo/index"], indirect=True
)
def test_what_says_how_sure_is_read_without_scrolling_sideways(browser: Browser, address: str) -> None:
    """No table of the section is cut off in a wide window."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(address)
    tables = page.locator("section[aria-labelledby=how-sure] .wide")
    assert tables.count() == 3
    assert tables.evaluate_all("every => every.every(one => one.scrollWidth <= one.clientWidth)")
    page.close()


@pytest.mark.parametrize("address", ["ten-thousand-flips/index"], indirect=True)
def test_an_explanation_shows_on_focus(browser: Browser, address: str) -> None:
    """Hover is not needed: the keyboard reaches every statistic's sentence."""
    page = browser.new_page()
    page.goto(address)
    term = page.locator("a.term:visible").first
    tip = term.locator(".tip")
    assert not tip.is_visible()
    term.focus()
    assert tip.is_visible()
    page.close()


@pytest.mark.parametrize("address", ["demo/index"], indirect=True)
def test_print_is_black_on_white_and_cuts_nothing_off(browser: Browser, address: str) -> None:
    """Even for a reader whose screen is dark: tables lie open, and fit the paper."""
    page = browser.new_page(viewport={"width": 700, "height": 900}, color_scheme="dark")
    page.goto(address)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    page.close()


@pytest.mark.parametrize("address", ["index"], indirect=True)
def test_the_index_filters_without_scripts(browser: Browser, address: str) -> None:
    """Steady series step back when only those that vary are asked for."""
    page = browser.new_page(java_script_enabled=False)
    page.goto(address)
    steady = page.locator("tr.steady").first
    assert steady.is_visible()
    page.locator("#show-varying").check()
    assert not steady.is_visible()
    page.close()
