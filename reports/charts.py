"""The drawings: Altair to inline SVG. The only place that imports Altair, which takes half a second."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt
import vl_convert

from reports.axis import Axis, day_axis, log_odds, odds_axis
from reports.bands import Bands
from reports.over_days import Change, OverDays, Panel, shares_axis
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
    return svg_of(alt.vconcat(*panels, spacing=14), "values-over-days", alt_text)


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
        *change_lines(panel.changes, days),
        _discs(panel, days, odds, color),
    ]
    title = alt.TitleParams(label, anchor="start", frame="group", fontSize=13, offset=16 if panel.changes else 6)
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
        chart_of(rows)
        .mark_circle(fill=color, fillOpacity=0.55, stroke=color, strokeWidth=1, opacity=1)
        .encode(
            x=day_x(days),
            y=_y(odds),
            size=alt.Size("s:Q", scale=alt.Scale(domain=[0, 1], range=[0, largest]), legend=None),
        )
    )


def _gaps(panel: Panel, days: Axis) -> Any:
    rows = [{"x": gap.first.toordinal() - 0.5, "x2": gap.last.toordinal() + 0.5} for gap in panel.gaps]
    if not rows:
        return None
    base = chart_of(rows).mark_rect(fill=INK, fillOpacity=0.07)
    return base.encode(x=day_x(days), x2="x2:Q", y=alt.value(0), y2=alt.value("height"))


def change_lines(changes: Sequence[Change], days: Axis) -> list[Any]:
    """A line and a word at each change; lighter where it is our own."""
    layers = []
    for is_ours, dash, color in ((False, [4, 3], CHANGED), (True, [1, 3], INK)):
        rows = [{"x": one.day.toordinal() - 0.5, "t": one.word} for one in changes if one.is_ours is is_ours]
        if rows:
            rule = chart_of(rows).mark_rule(color=color, strokeDash=dash).encode(x=day_x(days))
            words = _words(rows, days, alt.value(0), dy=-5, color=color, opacity=0.7 if is_ours else 1)
            layers += [rule, *words]
    return layers


def _words(rows: list[dict[str, Any]], days: Axis, y: Any, **style: Any) -> list[Any]:
    """A word beside each line: to its right, or near the figure's end to its left, where there is room."""
    end = days.high - 0.15 * (days.high - days.low)
    layers = []
    for align, dx, is_late in (("left", 3, False), ("right", -3, True)):
        if here := [row for row in rows if (row["x"] > end) is is_late]:
            text = chart_of(here).mark_text(align=align, dx=dx, fontSize=10, **style)
            layers.append(text.encode(x=day_x(days), y=y, text="t:N"))
    return layers


def fingerprints_over_days(
    figure: Bands, labels: Mapping[SeriesKey, str], colors: Mapping[str, str], alt_text: str
) -> str:
    """A band a fingerprint: darkness is its share of the period's answers; births and confirmed ends are marked."""
    days = day_axis(figure.first, figure.last)
    layers = [_cells(figure, days, colors), *_alarms(figure, days), _marks(figure, days), _names(figure, labels)]
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
    return [rule, *_words(rows, days, y, dy=6, color=CHANGED)]


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


def chart_of(rows: list[dict[str, Any]]) -> Any:
    """A chart of these rows, which stand in it."""
    # As text: Altair copies rows that it can see, once for every layer and panel above them.
    return alt.Chart(alt.InlineData(values=json.dumps(rows), format={"type": "json"}))


def day_x(axis: Axis) -> Any:
    """The axis of days."""
    return alt.X("x:Q", title=None, scale=axis_scale(axis), axis=axis_ticks(axis, labelFlush=False))


def _y(axis: Axis) -> Any:
    return alt.Y(
        "y:Q", title="probability", scale=axis_scale(axis), axis=axis_ticks(axis, titleFontSize=10, minExtent=50)
    )


def axis_scale(axis: Axis) -> Any:
    """The scale of an axis whose ends are given."""
    # A dictionary, here as below: Altair copies each of the hundred things that an Axis object might have, again and again.
    return {"domain": [axis.low, axis.high], "nice": False, "zero": False}


def axis_ticks(axis: Axis, **more: Any) -> Any:
    """The ticks of an axis with the labels that it has for them."""
    # What is drawn is rounded: a tick is told by being nearest, not by being equal.
    near = 1e-6 * (axis.high - axis.low)
    labels = [
        f"abs(datum.value - ({tick!r})) < {near!r} ? {json.dumps(label)} : "
        for tick, label in zip(axis.ticks, axis.labels, strict=True)
    ]
    return {"values": axis.ticks, "labelExpr": "".join([*labels, "''"]), "labelOverlap": False, **more}


def svg_of(chart: Any, anchor: str, alt_text: str) -> str:
    """A chart as inline SVG, in the page's own ink and type."""
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


def get_ready() -> None:
    """Draw nothing once: the first drawing of a process takes half a second longer."""
    svg_of(chart_of([]).mark_point(), "nothing", "")
