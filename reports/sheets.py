"""The rows behind a page's figures as sheets, unrounded."""

from collections.abc import Sequence
from operator import attrgetter

from reports.queries import DayRows, StudyRows
from reports.rows import Row
from reports.view import Sheet


def sheet(name: str, rows: Sequence[Row], leave_out: Sequence[str] = ("study",)) -> Sheet:
    """A sheet with a column for every field of the rows, in their order, and for what is derived from them."""
    every = (*type(rows[0]).model_fields, *type(rows[0]).derived) if rows else ()
    fields = [field for field in every if field not in leave_out]
    # Two fields at least, so that attrgetter always returns a tuple.
    cells = attrgetter(*fields) if rows else tuple
    return Sheet(name, tuple(fields), [cells(row) for row in rows])


def study_sheets(rows: StudyRows) -> list[Sheet]:
    """The sheets of a study page."""
    return [
        sheet("values-over-days.csv", rows.discs),
        sheet("clusters.csv", rows.clusters),
        sheet("values.csv", rows.values),
        sheet("fingerprints.csv", rows.fingerprints),
        sheet("spread.csv", rows.series, ("study", "clusters", "request", "served_models")),
        sheet("sequence.csv", rows.sequence),
        sheet("availability.csv", rows.outcomes),
        sheet("cost.csv", rows.cost),
        sheet("runs.csv", rows.runs),
        sheet("quality.csv", rows.quality),
    ]


def day_sheets(rows: DayRows) -> list[Sheet]:
    """The sheets of a day page."""
    return [
        sheet("spread.csv", rows.spread),
        sheet("clusters.csv", rows.clusters),
        sheet("values.csv", rows.values),
        sheet("fingerprints.csv", rows.fingerprints),
        sheet("sequence.csv", rows.sequence),
        sheet("availability.csv", rows.outcomes),
        sheet("cost.csv", rows.cost),
        sheet("runs.csv", rows.runs),
    ]
