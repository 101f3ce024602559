"""The stage that writes the pages: an index, a page a study and a page a day, from the marts alone."""

import datetime as dt
import gc
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from reports.names import day_page, study_page
from reports.pages import day_pages, index_page, method_page, study_pages
from reports.queries import Query, index_rows
from reports.site import Site
from reports.summary import study_summary
from tasks.core.errors import FlipbookError
from tasks.export import marts
from tasks.settings import Settings


def render_site(
    query: Query, site: Path, studies: Collection[str] | None = None, days: Collection[dt.date] | None = None
) -> list[Path]:
    """Writes the index, the method page, and the pages of these studies and days (None: of all).

    `query` runs a report's SQL by name. Returns the pages written, the index first. Raises OSError if it cannot write.
    """
    index = index_rows(query)
    chosen = [study for study in index.studies if studies is None or study.study in studies]
    folder = Site(site)
    written = [folder.write(index_page(index)), folder.write(method_page(index))]
    for study in chosen:
        with _no_collector():
            written += [folder.write(page) for page in study_pages(query, index, study)]
        written += [folder.write(page) for page in day_pages(query, index, study, days)]
    return written


@contextmanager
def _no_collector() -> Iterator[None]:
    """A year's rows are hundreds of thousands of objects, all in use until the page is written: looking for garbage among
    them takes a quarter of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def get_ready() -> None:
    """Load what draws, which takes most of a second: for when something else is waited for."""
    from reports import charts

    charts.get_ready()


@task(name="render", task_run_name="render", cache_policy=NO_CACHE)
def render(
    settings: Settings, studies: Collection[str] | None = None, days: Collection[dt.date] | None = None
) -> list[Path]:
    """The pages of these studies and days, from the warehouse; returns the paths written.

    Raises FlipbookError that names the page which cannot be written.
    """
    with marts(settings) as warehouse:
        try:
            return render_site(warehouse.report, settings.site, studies, days)
        except OSError as error:
            where = error.filename or settings.site
            raise FlipbookError(f"The page {where} cannot be written: {error.strerror}.") from error


def summary(settings: Settings, study: str) -> str:
    """A study's headline figures and the links to its pages, as markdown."""
    with marts(settings) as warehouse:
        return study_summary(warehouse.report, study, settings.site_url)


def address_of_day(settings: Settings, study: str, day: dt.date | None) -> str | None:
    """Where the page of a study's day is served, or without a day the study's own; None where no address is set."""
    if not settings.site_url:
        return None
    return f"{settings.site_url.rstrip('/')}/{day_page(study, day) if day else study_page(study)}"
