"""Prefect's UI in a real browser: the form of `ad-hoc` is filled in and submitted, and its artifact opens the report."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tasks import catalogue

SHOWN_MS = 30_000
ENDED_MS = 180_000
PROPERTY = "schema-form-property"
# A field with a label and without a word on what it is.
UNEXPLAINED = f"""() => [...document.querySelectorAll('.{PROPERTY}')]
  .filter(one => !one.querySelector('.p-label__description')?.textContent.trim())
  .map(one => one.querySelector('label')?.textContent.trim())"""


@pytest.fixture
def left() -> list[str]:
    """The addresses beyond this machine that a browser tried."""
    return []


@pytest.fixture
def context(browser: Browser, left: list[str]) -> Iterator[BrowserContext]:
    """A reader's window. What it would ask of others is noted, and not sent."""
    with browser.new_context(viewport={"width": 1280, "height": 1000}) as opened:
        opened.set_default_timeout(SHOWN_MS)

        def only_here(route: Route) -> None:
            if re.match(r"(http://127\.0\.0\.1:|data:|blob:)", route.request.url):
                route.continue_()
            else:
                left.append(route.request.url)
                route.abort()

        opened.route("**/*", only_here)
        yield opened


def field(within: Page | Locator, label: str) -> Locator:
    """A field of the form: the innermost part with this label."""
    span = f'//span[contains(@class, "{PROPERTY}__label")][normalize-space() = "{label}"]'
    words = f'contains(concat(" ", @class, " "), " {PROPERTY} ")'
    return within.locator(f"xpath=.{span}/ancestor::div[{words}][1]")


def test_the_deployments_are_shown(serving: Any, context: BrowserContext, left: list[str]) -> None:
    """Each study and `ad-hoc`, by name; and the UI asks nothing of anyone else."""
    page = context.new_page()
    page.goto(serving.api_url.removesuffix("/api"))
    page.locator("a[href='/deployments']").first.click()
    for name in catalogue.deployments(serving.place.settings):
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible(timeout=SHOWN_MS)
    assert left == []


def test_a_run_is_filled_in_submitted_finishes_and_opens_its_report(
    serving: Any, context: BrowserContext, left: list[str]
) -> None:
    """With another model, another number of samples and another arm than the form came with."""
    page = context.new_page()
    page.goto(serving.api_url.removesuffix("/api") + "/deployments")
    page.get_by_role("link", name="ad-hoc", exact=True).first.click()
    page.get_by_role("button", name="Run", exact=True).first.click()
    page.get_by_text("Custom run").click()
    fill_in(
        page,
        {"Model": "gpt-4o-mini", "Samples (Optional)": "7"},
        {"Name (Optional)": "by-hand", "Seed (Optional)": "7"},
    )
    assert page.evaluate(UNEXPLAINED) == []
    run = page.get_by_label("Run Name").or_(page.locator("input").first).first.input_value()
    page.get_by_role("button", name=re.compile("Submit|Run")).last.click()
    page.get_by_role("link", name=run).first.click()
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible(timeout=ENDED_MS)
    page.get_by_text("Artifacts", exact=True).last.click()
    page.locator("a[href*='/artifacts/artifact/']").filter(has_text="study-ad-hoc").first.click()
    with page.expect_popup() as opening:
        page.locator(f"a[href^='{serving.site_url}']").first.click()
    report = opening.value
    expect(report.get_by_role("heading", level=1)).to_have_text("ad-hoc")
    expect(report.get_by_role("main")).to_contain_text("gpt-4o-mini")
    expect(report.get_by_role("complementary")).to_contain_text("Simulated")
    asked = "select model, count(*) as n from stg.samples where arm = 'by-hand' group by all"
    assert serving.place.rows(asked) == [{"model": "gpt-4o-mini", "n": 7}]
    (request,) = serving.place.rows("select distinct request from raw.requests where request like '%\"seed\":7%'")
    assert '"model":"gpt-4o-mini"' in request["request"]
    assert left == []


def fill_in(page: Page, study: dict[str, str], arm: dict[str, str]) -> None:
    """Write into the study's own fields, and into those of its arm."""
    for label, value in study.items():
        field(page, label).locator("input, textarea").fill(value)
    arms = field(page, "Arms (Optional)")
    for label, value in arm.items():
        field(arms, label).locator("input, textarea").fill(value)
