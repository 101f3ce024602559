"""The drawing of values over days: a panel a series, a disc a value or a cluster."""

import math
from collections.abc import Mapping
from typing import Any

import altair as alt

from reports.axis import Axis, day_axis, log_odds, odds_axis
from reports.charts import INK, WIDTH, axis_scale, axis_ticks, change_lines, chart_of, day_x, headroom, svg_of
from reports.looks import Look
from reports.over_days import OverDays, Panel, shares_axis
from tasks.core.plan import SeriesKey

_LARGEST_DISC = 420.0


def values_over_days(
    figure: OverDays, labels: Mapping[SeriesKey, str], looks: Mapping[str, Look], alt_text: str
) -> str:
    """One panel a series: x the day, y the probability on a log-odds axis, a disc's area its share of the period."""
    days = day_axis(figure.first, figure.last)
    axes = _probability_axes(figure)
    height = 230 if len(figure.panels) == 1 else 130
    panels = [
        _panel(panel, days, axes[panel.key], labels[panel.key], looks[panel.key.model], height)
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


def _panel(panel: Panel, days: Axis, odds: Axis, label: str, look: Look, height: int) -> Any:
    layers = [
        _gaps(panel, days),
        *change_lines(panel.changes, days),
        _discs(panel, days, odds, look),
    ]
    title = alt.TitleParams(label, anchor="start", frame="group", fontSize=13, offset=headroom(panel.changes, days, 6))
    return alt.layer(*[layer for layer in layers if layer is not None]).properties(
        width=WIDTH, height=height, title=title
    )


def _discs(panel: Panel, days: Axis, odds: Axis, look: Look) -> Any:
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
        .mark_point(shape=look.shape, fill=look.color, fillOpacity=0.55, stroke=look.color, strokeWidth=1, opacity=1)
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


def _y(axis: Axis) -> Any:
    # By the longest label: how wide the page's font will be is not known where the title is placed.
    extent = max([50, *(7 * len(label) + 8 for label in axis.labels)])
    ticks = axis_ticks(axis, titleFontSize=10, minExtent=extent)
    return alt.Y("y:Q", title="probability", scale=axis_scale(axis), axis=ticks)
