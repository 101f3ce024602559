"""What the charts of a study page draw, as numbers."""

from dataclasses import dataclass

from reports.bands import Bands, bands
from reports.changes import Drift, drift
from reports.looks import Look, model_looks
from reports.names import series_labels
from reports.over_days import OverDays, over_days
from reports.queries import StudyRows
from reports.text_source import Drawn, Source
from reports.text_source import drawn as text_figures
from tasks.core.plan import SeriesKey


@dataclass(frozen=True, slots=True)
class Drawings:
    """What the charts of a study page draw."""

    labels: dict[SeriesKey, str]
    looks: dict[str, Look]
    values: OverDays | None
    bands: Bands | None
    drift: Drift | None
    text: Drawn


def drawings(rows: StudyRows) -> Drawings:
    """The figures of a study page, as numbers."""
    labels, looks = series_labels([row.key for row in rows.series]), model_looks(rows.models)
    return Drawings(
        labels=labels,
        looks=looks,
        values=over_days(rows),
        bands=bands(rows),
        drift=drift(rows.change.drift),
        text=text_figures(source_of(rows, labels, looks)),
    )


def source_of(rows: StudyRows, labels: dict[SeriesKey, str], looks: dict[str, Look]) -> Source:
    """What the parts about texts and answers are made from."""
    return Source(rows.study.study, rows.series, rows.text, rows.values, rows.runs, labels, looks, prefix="study")
