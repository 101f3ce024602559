"""The drawing of changes: how far each day lies from the days before it, a panel a series."""

from collections.abc import Mapping
from typing import Any

import altair as alt

from reports.axis import Axis, day_axis
from reports.changes import ANCHOR, Drift, DriftPanel
from reports.charts import CHANGED, WIDTH, change_lines, chart_of, day_x, filled, headroom, svg_of
from reports.format import significant
from reports.looks import Look
from tasks.core.plan import SeriesKey

_HEIGHT = 74


def drift_over_days(figure: Drift, labels: Mapping[SeriesKey, str], looks: Mapping[str, Look], alt_text: str) -> str:
    """A panel a series: x the day, y its distance to the baseline; alarms are diamonds with a line and a word."""
    days = day_axis(figure.first, figure.last)
    tops = {unit: max(_tops(figure, unit), default=1) or 1 for unit in {panel.unit for panel in figure.panels}}
    panels = [
        _panel(panel, days, tops[panel.unit], labels[panel.key], looks[panel.key.model]) for panel in figure.panels
    ]
    return svg_of(alt.vconcat(*panels, spacing=12), ANCHOR, alt_text)


def _tops(figure: Drift, unit: str) -> list[float]:
    return [mark.distance for panel in figure.panels if panel.unit == unit for mark in panel.marks]


def _panel(panel: DriftPanel, days: Axis, top: float, label: str, look: Look) -> Any:
    y = _distance_axis(top, panel.unit)
    stems = [{"x": mark.period.middle, "y": mark.distance, "z": 0} for mark in panel.marks]
    base = chart_of(stems)
    layers = [
        base.mark_rule(stroke=look.color, strokeWidth=2, opacity=1).encode(x=day_x(days), y=y, y2="z:Q"),
        base.mark_point(size=26, strokeWidth=0.5, **filled(look)).encode(x=day_x(days), y=y),
        *change_lines(panel.changes, days),
        *_diamonds(panel, days, y),
    ]
    title = alt.TitleParams(label, anchor="start", frame="group", fontSize=12, offset=headroom(panel.changes, days, 5))
    return alt.layer(*layers).properties(width=WIDTH, height=_HEIGHT, title=title)


def _distance_axis(top: float, unit: str) -> Any:
    ticks = [0, top / 4, top]
    labels = [significant(tick, 2) for tick in ticks]
    chosen = " : ".join(f"datum.value == {tick!r} ? '{label}'" for tick, label in zip(ticks, labels, strict=True))
    axis = {"values": ticks, "labelExpr": f"{chosen} : ''", "titleFontSize": 10, "minExtent": 50}
    return alt.Y("y:Q", title=unit, scale={"type": "sqrt", "domain": [0, top * 1.1], "nice": False}, axis=axis)


def _diamonds(panel: DriftPanel, days: Axis, y: Any) -> list[Any]:
    if not panel.alarms:
        return []
    rows = [{"x": alarm.period.middle, "y": alarm.distance} for alarm in panel.alarms]
    points = chart_of(rows).mark_point(shape="diamond", size=90, fill=CHANGED, stroke=CHANGED, opacity=1)
    return [points.encode(x=day_x(days), y=y)]
