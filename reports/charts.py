"""What all drawings are made of: Altair to inline SVG. Only this and charts_of_* import Altair, which takes half a second."""

import json
from collections.abc import Sequence
from typing import Any

import altair as alt
import vl_convert

from reports.axis import Axis
from reports.looks import Look
from reports.over_days import Change
from reports.svg import inline

WIDTH = 700
INK = "currentColor"
CHANGED = "var(--changed)"
FONT = "system-ui, sans-serif"

# A word at a line: how high one stands, and how wide a character of it is at most, in pixels.
_LANE, _CHARACTER = 11, 6


def change_lines(changes: Sequence[Change], days: Axis) -> list[Any]:
    """A line and a word at each change; lighter where it is our own."""
    layers = []
    lanes = _lanes(changes, days)
    for is_ours, dash, color in ((False, [4, 3], CHANGED), (True, [1, 3], INK)):
        rows = [_at(one) for one in changes if one.is_ours is is_ours]
        if rows:
            layers.append(chart_of(rows).mark_rule(color=color, strokeDash=dash).encode(x=day_x(days)))
        for lane in sorted(set(lanes)):
            here = [_at(one) for one, its in zip(changes, lanes, strict=True) if one.is_ours is is_ours and its == lane]
            style = {"color": color, "opacity": 0.7 if is_ours else 1}
            layers += words_at(here, days, alt.value(0), dy=-5 - _LANE * lane, **style)
    return layers


def headroom(changes: Sequence[Change], days: Axis, otherwise: int) -> int:
    """How far above its panel a title stands, so that the words at the lines are below it."""
    return 16 + _LANE * max(_lanes(changes, days)) if changes else otherwise


def _at(change: Change) -> dict[str, Any]:
    return {"x": change.day.toordinal() - 0.5, "t": change.word}


def _lanes(changes: Sequence[Change], days: Axis) -> list[int]:
    """How high each word stands: one higher than the word before it, where it would begin on top of that."""
    ends: list[float] = []
    lanes = []
    for change in changes:
        at = _at(change)["x"]
        x, width = (at - days.low) / (days.high - days.low) * WIDTH, _CHARACTER * (len(change.word) + 1)
        begin = x - width if _is_late(at, days) else x
        lane = next((lane for lane, end in enumerate(ends) if end <= begin), len(ends))
        ends[lane : lane + 1] = [begin + width]
        lanes.append(lane)
    return lanes


def words_at(rows: list[dict[str, Any]], days: Axis, y: Any, **style: Any) -> list[Any]:
    """A word beside each line: to its right, or near the figure's end to its left, where there is room."""
    layers = []
    for align, dx, is_late in (("left", 3, False), ("right", -3, True)):
        if here := [row for row in rows if _is_late(row["x"], days) is is_late]:
            text = chart_of(here).mark_text(align=align, dx=dx, fontSize=10, **style)
            layers.append(text.encode(x=day_x(days), y=y, text="t:N"))
    return layers


def _is_late(x: float, days: Axis) -> bool:
    return x > days.high - 0.15 * (days.high - days.low)


def chart_of(rows: list[dict[str, Any]]) -> Any:
    """A chart of these rows, which stand in it."""
    # As text: Altair copies rows that it can see, once for every layer and panel above them.
    return alt.Chart(alt.InlineData(values=json.dumps(rows), format={"type": "json"}))


def filled(look: Look) -> dict[str, Any]:
    """How a model's points are drawn: its shape, full of its colour."""
    return {"shape": look.shape, "stroke": look.color, "fill": look.color, "opacity": 1}


def day_x(axis: Axis) -> Any:
    """The axis of days."""
    return alt.X("x:Q", title=None, scale=axis_scale(axis), axis=axis_ticks(axis, labelFlush=False))


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
