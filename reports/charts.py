"""The drawings: Altair to inline SVG. The only place that imports Altair, which takes half a second."""

import json
import math
from collections.abc import Mapping
from typing import Any, Literal

import altair as alt
import vl_convert

from reports.axis import Axis, day_axis, log_odds, odds_axis
from reports.bands import Bands
from reports.over_days import OverDays, Panel, shares_axis
from reports.svg import inline
from tasks.core.plan import SeriesKey

WIDTH = 700
INK = "currentColor"
CHANGED = "var(--changed)"
FONT = "system-ui, sans-serif"
_LARGEST_DISC = 420.0
_BAND = 16
_UPRIGHT = "M0,-1L0,1"


def values_over_days(
    figure: OverDays, labels: Mapping[SeriesKey, str], colors: Mapping[str, str], alt_text: str
) -> str:
    """One panel a series: x the day, y the probability on a log-odds axis, a disc's area its share of the period."""
    days = day_axis(figure.first, figure.last)
    axes = _probability_axes(figure)
    height = 230 if len(figure.panels) == 1 else 130
    panels = [
        _panel(panel, days, axes[panel.key], labels[panel.key], colors[panel.key.model], height)
        for panel in figure.panels
    ]
    return _svg(alt.vconcat(*panels, spacing=14), "values-over-days", alt_text)


def _probability_axes(figure: OverDays) -> dict[SeriesKey, Axis]:
    """One common axis where it leaves every series room; an axis each where it would flatten one."""
    ends = {p.key: (min(d.low_pct for d in p.discs), max(d.high_pct for d in p.discs)) for p in figure.panels}
    if shares_axis(figure):
        common = odds_axis(min(low for low, _ in ends.values()), max(high for _, high in ends.values()))
        return dict.fromkeys(ends, common)
    return {key: odds_axis(low, high) for key, (low, high) in ends.items()}


def _panel(panel: Panel, days: Axis, odds: Axis, label: str, color: str, height: int) -> Any:
    layers = [
        _gaps(panel, days),
        _changes(panel, days),
        _discs(panel, days, odds, color),
    ]
    title = alt.TitleParams(label, anchor="start", frame="group", fontSize=13, offset=6)
    return alt.layer(*[layer for layer in layers if layer is not None]).properties(
        width=WIDTH, height=height, title=title
    )


def _discs(panel: Panel, days: Axis, odds: Axis, color: str) -> Any:
    room = WIDTH / (days.high - days.low)
    largest = min(_LARGEST_DISC, math.pi * max(3.0, 0.7 * room) ** 2)
    rows = [
        {
            "x": disc.period.middle,
            "y": round((log_odds(disc.low_pct) + log_odds(disc.high_pct)) / 2, 9),
            "s": round(disc.share, 5),
        }
        for disc in panel.discs
    ]
    return (
        _chart(rows)
        .mark_circle(fill=color, fillOpacity=0.55, stroke=color, strokeWidth=1, opacity=1)
        .encode(
            x=_x(days),
            y=_y(odds),
            size=alt.Size("s:Q", scale=alt.Scale(domain=[0, 1], range=[0, largest]), legend=None),
        )
    )


def _gaps(panel: Panel, days: Axis) -> Any:
    rows = [{"x": gap.first.toordinal() - 0.5, "x2": gap.last.toordinal() + 0.5} for gap in panel.gaps]
    if not rows:
        return None
    base = _chart(rows).mark_rect(fill=INK, fillOpacity=0.07)
    return base.encode(x=_x(days), x2="x2:Q", y=alt.value(0), y2=alt.value("height"))


def _changes(panel: Panel, days: Axis) -> Any:
    rows = [{"x": change.day.toordinal() - 0.5, "t": change.word} for change in panel.changes]
    if not rows:
        return None
    base = _chart(rows).encode(x=_x(days))
    rule = base.mark_rule(color=CHANGED, strokeDash=[4, 3])
    word = base.mark_text(align="left", dx=4, dy=8, fontSize=10, color=CHANGED).encode(text="t:N", y=alt.value(0))
    return alt.layer(rule, word)


def fingerprints_over_days(
    figure: Bands, labels: Mapping[SeriesKey, str], colors: Mapping[str, str], alt_text: str
) -> str:
    """A band a fingerprint: darkness is its share of the period's answers; births and confirmed ends are marked."""
    days = day_axis(figure.first, figure.last)
    layers = [_cells(figure, days, colors), _marks(figure, days), _names(figure, labels)]
    chart = alt.layer(*[layer for layer in layers if layer is not None])
    height = _BAND * (len(figure.bands) + len({band.key for band in figure.bands}))
    return _svg(chart.properties(width=WIDTH - 150, height=height), "fingerprints", alt_text)


def _rows_of_bands(figure: Bands) -> list[float]:
    """Where each band lies: under its series' heading, which takes a row of its own."""
    rows, at, previous = [], -1.0, None
    for band in figure.bands:
        at += 2 if band.key != previous else 1
        rows.append(at)
        previous = band.key
    return rows


def _cells(figure: Bands, days: Axis, colors: Mapping[str, str]) -> Any:
    at = _rows_of_bands(figure)
    rows = [
        {
            "x": cell.period.first.toordinal() - 0.5,
            "x2": cell.period.last.toordinal() + 0.5,
            "y": at[cell.band] * _BAND + 2,
            "y2": at[cell.band] * _BAND + _BAND - 1,
            "s": round(0.12 + 0.88 * cell.share, 3),
            "c": colors[figure.bands[cell.band].key.model],
        }
        for cell in figure.cells
    ]
    return (
        _chart(rows)
        .mark_rect()
        .encode(
            x=_x(days),
            x2="x2:Q",
            y=alt.Y("y:Q", scale=None, axis=None),
            y2="y2:Q",
            fill=alt.Fill("c:N", scale=None),
            fillOpacity=alt.FillOpacity("s:Q", scale=None),
        )
    )


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
        _chart(rows)
        .mark_point(size=55, stroke=CHANGED, strokeWidth=1.5, opacity=1)
        .encode(
            x=_x(days),
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
    text = _chart(rows).mark_text(align="left", fontSize=11, color=INK, limit=145, fontWeight=weight)
    return text.encode(x=alt.value(-150), y=alt.Y("y:Q", scale=None, axis=None), text="t:N")


def _chart(rows: list[dict[str, Any]]) -> Any:
    return alt.Chart(alt.InlineData(values=rows))


def _x(axis: Axis) -> Any:
    return alt.X("x:Q", title=None, scale=_scale(axis), axis=_ticks(axis, labelFlush=False))


def _y(axis: Axis) -> Any:
    return alt.Y("y:Q", title="probability", scale=_scale(axis), axis=_ticks(axis, titleFontSize=10, minExtent=50))


def _scale(axis: Axis) -> Any:
    return alt.Scale(domain=[axis.low, axis.high], nice=False, zero=False)


def _ticks(axis: Axis, **more: Any) -> Any:
    labels = f"{json.dumps(axis.labels)}[indexof({json.dumps(axis.ticks)}, datum.value)]"
    return alt.Axis(values=axis.ticks, labelExpr=labels, labelOverlap=False, **more)


def _svg(chart: Any, anchor: str, alt_text: str) -> str:
    axis = {
        "domainColor": INK,
        "tickColor": INK,
        "labelColor": INK,
        "titleColor": INK,
        "domainOpacity": 0.35,
        "grid": False,
        "tickOpacity": 0.35,
        "titleFontWeight": "normal",
        "labelFont": FONT,
        "titleFont": FONT,
        "labelFontSize": 11,
    }
    configured = chart.configure(
        aria=False,
        background="transparent",
        font=FONT,
        axis=axis,
        padding=4,
        view={"stroke": None},
        title={"color": INK, "fontWeight": 600},
    )
    return inline(vl_convert.vegalite_to_svg(configured.to_json(validate=False)), anchor, alt_text)
