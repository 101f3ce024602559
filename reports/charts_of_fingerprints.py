"""The drawing of fingerprints over days: a band for each, its darkness the share of the answers."""

from collections.abc import Mapping
from typing import Any, Literal

import altair as alt

from reports.axis import Axis, day_axis
from reports.bands import Bands
from reports.charts import CHANGED, INK, WIDTH, chart_of, day_x, svg_of, words_at
from reports.looks import Look
from tasks.core.plan import SeriesKey

_BAND = 16
_UPRIGHT = "M0,-1L0,1"


def fingerprints_over_days(
    figure: Bands, labels: Mapping[SeriesKey, str], looks: Mapping[str, Look], alt_text: str
) -> str:
    """A band a fingerprint: darkness is its share of the period's answers; births and confirmed ends are marked."""
    days = day_axis(figure.first, figure.last)
    layers = [_cells(figure, days, looks), *_alarms(figure, days), _marks(figure, days), _names(figure, labels)]
    chart = alt.layer(*[layer for layer in layers if layer is not None])
    height = _BAND * (len(figure.bands) + len({band.key for band in figure.bands}))
    return svg_of(chart.properties(width=WIDTH - 150, height=height), "fingerprints", alt_text)


def _rows_of_bands(figure: Bands) -> list[float]:
    """Where each band lies: under its series' heading, which takes a row of its own."""
    rows, at, previous = [], -1.0, None
    for band in figure.bands:
        at += 2 if band.key != previous else 1
        rows.append(at)
        previous = band.key
    return rows


def _cells(figure: Bands, days: Axis, looks: Mapping[str, Look]) -> Any:
    at = _rows_of_bands(figure)
    rows = [
        {
            "x": cell.period.first.toordinal() - 0.5,
            "x2": cell.period.last.toordinal() + 0.5,
            "y": at[cell.band] * _BAND + 2,
            "y2": at[cell.band] * _BAND + _BAND - 1,
            "s": round(0.12 + 0.88 * cell.share, 3),
            "c": looks[figure.bands[cell.band].key.model].color,
        }
        for cell in figure.cells
    ]
    return (
        chart_of(rows)
        .mark_rect()
        .encode(
            x=day_x(days),
            x2="x2:Q",
            y=alt.Y("y:Q", scale=None, axis=None),
            y2="y2:Q",
            fill=alt.Fill("c:N", scale=None),
            fillOpacity=alt.FillOpacity("s:Q", scale=None),
        )
    )


def _alarms(figure: Bands, days: Axis) -> list[Any]:
    """A line over the bands of a series where a fingerprint was the reason of an alarm, and a word."""
    at = _rows_of_bands(figure)
    rows = []
    for key, changes in figure.changes.items():
        mine = [row for row, band in zip(at, figure.bands, strict=True) if band.key == key]
        for one in changes:
            x = one.day.toordinal() - 0.5
            rows.append({"x": x, "y": (mine[0] - 1) * _BAND + 3, "y2": (mine[-1] + 1) * _BAND, "t": one.word})
    if not rows:
        return []
    y = alt.Y("y:Q", scale=None, axis=None)
    base = chart_of(rows).encode(x=day_x(days), y=y)
    rule = base.mark_rule(color=CHANGED, strokeDash=[4, 3]).encode(y2="y2:Q")
    return [rule, *words_at(rows, days, y, dy=6, color=CHANGED)]


def _marks(figure: Bands, days: Axis) -> Any:
    """A triangle at a birth, a bar at a confirmed end, a circle left open at an unconfirmed one."""
    rows = []
    for at, band in zip(_rows_of_bands(figure), figure.bands, strict=True):
        y = at * _BAND + _BAND / 2 + 0.5
        if band.birth:
            rows.append({"x": band.birth.toordinal() - 0.5, "y": y, "shape": "triangle-right", "fill": CHANGED})
        if band.end:
            shape, fill = (_UPRIGHT, CHANGED) if band.is_end_confirmed else ("circle", "none")
            rows.append({"x": band.end.toordinal() + 0.5, "y": y, "shape": shape, "fill": fill})
    if not rows:
        return None
    return (
        chart_of(rows)
        .mark_point(size=55, stroke=CHANGED, strokeWidth=1.5, opacity=1)
        .encode(
            x=day_x(days),
            y=alt.Y("y:Q", scale=None, axis=None),
            shape=alt.Shape("shape:N", scale=None),
            fill=alt.Fill("fill:N", scale=None),
        )
    )


def _names(figure: Bands, labels: Mapping[SeriesKey, str]) -> Any:
    at = _rows_of_bands(figure)
    names = [{"y": at[i] * _BAND + _BAND / 2 + 1, "t": band.name} for i, band in enumerate(figure.bands)]
    first = {band.key: at[i] for i, band in reversed(list(enumerate(figure.bands)))}
    heads = [{"y": (row - 1) * _BAND + _BAND / 2 + 1, "t": labels[key]} for key, row in first.items()]
    return alt.layer(_texts(heads, "bold"), _texts(names, "normal"))


def _texts(rows: list[dict[str, Any]], weight: Literal["bold", "normal"]) -> Any:
    text = chart_of(rows).mark_text(align="left", fontSize=11, color=INK, limit=145, fontWeight=weight)
    return text.encode(x=alt.value(-150), y=alt.Y("y:Q", scale=None, axis=None), text="t:N")
