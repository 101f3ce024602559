"""The render stage: which pages a run writes, and that it reads the marts alone."""

import datetime as dt
import json
from pathlib import Path

import pytest

from tasks.aggregate import aggregate
from tasks.core.errors import FlipbookError, UsageError
from tasks.land import import_file
from tasks.render import render, render_site
from tasks.settings import Settings
from tasks.warehouse import Warehouse

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
RECORDINGS = Path(__file__).parents[1] / "data"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse of one recording: three series over fourteen days."""
    settings = Settings(warehouse=str(tmp_path / "flipbook.duckdb"), site=tmp_path / "site")
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, import_file(warehouse, RECORDINGS / "local-coin.ndjson", NOON).days, [])
    return settings


def pages(settings: Settings) -> set[str]:
    """The pages of the site."""
    return {str(path.relative_to(settings.site)) for path in settings.site.rglob("*.html")}


def test_a_run_renders_the_index_its_study_and_its_own_days(settings: Settings) -> None:
    """Fourteen days are in the warehouse, one is written."""
    written = render.fn(settings, ["local-coin"], [dt.date(2026, 10, 11)])
    assert pages(settings) == {"index.html", "method.html", "local-coin/index.html", "local-coin/2026-10-11.html"}
    assert [path.name for path in written] == ["index.html", "method.html", "index.html", "2026-10-11.html"]


def test_a_whole_render_writes_every_day(settings: Settings) -> None:
    """Each with its view as JSON."""
    render.fn(settings)
    assert len(pages(settings)) == 3 + 14
    assert json.loads((settings.site / "local-coin" / "2026-10-11.json").read_text())["day"] == "2026-10-11"


def test_rendering_twice_writes_the_same_pages(settings: Settings) -> None:
    """No clock and no order of rows in a page."""
    first = {path.name: path.read_bytes() for path in render.fn(settings)}
    assert {path.name: path.read_bytes() for path in render.fn(settings)} == first


def test_pages_are_made_from_the_marts_alone(settings: Settings) -> None:
    """Without the samples, and without what was received, the pages are the same."""
    render.fn(settings)
    before = (settings.site / "local-coin" / "index.html").read_bytes()
    with Warehouse.open(settings) as warehouse:
        warehouse.execute("drop schema stg cascade")
        assert render_site(warehouse.report, settings.site)
    assert (settings.site / "local-coin" / "index.html").read_bytes() == before


def test_an_empty_warehouse_has_an_index_that_says_so(tmp_path: Path) -> None:
    """A first look before the first run finds a page, not a traceback."""
    settings = Settings(warehouse=str(tmp_path / "flipbook.duckdb"), site=tmp_path / "site")
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, [], [])
    render.fn(settings)
    assert "The warehouse is empty: run a study, or import a recording." in (settings.site / "index.html").read_text()


def test_without_a_warehouse_one_sentence_says_so(tmp_path: Path) -> None:
    """It names the file."""
    with pytest.raises(UsageError, match="There is no warehouse at"):
        render.fn(Settings(warehouse=str(tmp_path / "none.duckdb"), site=tmp_path / "site"))


def test_a_site_that_cannot_be_written_is_named(settings: Settings, tmp_path: Path) -> None:
    """In one sentence, with the file or folder that is in the way."""
    (tmp_path / "in-the-way").write_text("")
    with pytest.raises(FlipbookError, match=r"in-the-way.* cannot be written: (File exists|Not a directory)\."):
        render.fn(settings.model_copy(update={"site": tmp_path / "in-the-way"}))
