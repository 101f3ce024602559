"""Pages, put together: rows, view, drawings and sheets."""

import datetime as dt
from collections.abc import Collection, Iterator

from reports.drawings import Drawings, drawings
from reports.names import day_page, study_page
from reports.queries import IndexRows, Query, day_rows, study_days, study_rows
from reports.rows import StudyRow
from reports.sheets import day_sheets, study_sheets
from reports.site import Page
from reports.text_drawings import text_drawings
from reports.view_day import day_view
from reports.view_index import index_sheets, index_view
from reports.view_method import method_view
from reports.view_study import StudyView, study_view


def index_page(rows: IndexRows) -> Page:
    """The index of all studies."""
    return Page("index.html", "index.html", index_view(rows), {}, index_sheets(rows))


def method_page(rows: IndexRows) -> Page:
    """What every figure means."""
    return Page("method.html", "method.html", method_view(rows), {}, [])


def study_pages(query: Query, index: IndexRows, study: StudyRow) -> Iterator[Page]:
    """A study's page, over all its days."""
    rows = study_rows(query, study, index)
    drawn = drawings(rows)
    view = study_view(rows, drawn)
    yield Page(study_page(study.study), "study.html", view, _charts(view, drawn), study_sheets(rows))


def day_pages(query: Query, index: IndexRows, study: StudyRow, days: Collection[dt.date] | None) -> Iterator[Page]:
    """The pages of these days of a study; None: of all its days."""
    every = study_days(query, study.study)
    for day in every:
        if days is None or day in days:
            rows = day_rows(query, study.study, day)
            view = day_view(index, study, day, every, rows)
            yield Page(day_page(study.study, day), "day.html", view, {}, day_sheets(rows))


def _charts(view: StudyView, drawn: Drawings) -> dict[str, str]:
    # Half a second to import, and not every page draws.
    from reports.charts_of_fingerprints import fingerprints_over_days
    from reports.charts_of_values import values_over_days

    drawings_by_anchor = {}
    if drawn.values and view.values:
        svg = values_over_days(drawn.values, drawn.labels, drawn.looks, view.values.alt)
        drawings_by_anchor[view.values.anchor] = svg
    if drawn.bands and view.fingerprints.figure:
        figure = view.fingerprints.figure
        drawings_by_anchor[figure.anchor] = fingerprints_over_days(drawn.bands, drawn.labels, drawn.looks, figure.alt)
    if drawn.drift and view.changes:
        from reports.charts_of_change import drift_over_days

        (figure, *_) = view.changes[0].figures
        drawings_by_anchor[figure.anchor] = drift_over_days(drawn.drift, drawn.labels, drawn.looks, figure.alt)
    return {**drawings_by_anchor, **text_drawings(view.blocks, drawn.text, drawn.labels, drawn.looks)}
