"""The drawing of a comparison: the clusters of both sides on one axis."""

from collections.abc import Mapping
from typing import Any

import altair as alt

from reports.axis import Axis, log_odds, odds_axis
from reports.charts import CHANGED, INK, WIDTH, axis_scale, axis_ticks, chart_of, svg_of
from reports.compared import ComparedPair
from reports.looks import Look
from reports.view import Figure
from tasks.core.comparison import Cluster

_NAMES = 190
_ROW = 46
_LARGEST = 900
# A year of values that never repeat has thousands: those with the largest shares are drawn.
_MOST_DISCS = 400


def on_common_axis(pair: ComparedPair, names: tuple[str, str], looks: Mapping[str, Look], figure: Figure) -> str:
    """A row a side: x the probability on a log-odds axis, a mark's area its share of the side's calls."""
    odds = odds_axis(pair.clusters[0].low_pct, pair.clusters[-1].high_pct)
    marks = [
        mark for row, key in enumerate((pair.left.key, pair.right.key)) for mark in _marks(pair, row, looks[key.model])
    ]
    marks = sorted(marks, key=lambda mark: -mark["s"])[:_MOST_DISCS]
    labels = chart_of([{"y": row, "t": name} for row, name in enumerate(names)])
    text = labels.mark_text(align="left", fontSize=12, color=INK, limit=_NAMES - 8, fontWeight=600)
    layers = [text.encode(x=alt.value(-_NAMES), y=_row(), text="t:N"), _discs(marks, odds), _diamonds(marks, odds)]
    chart = alt.layer(*[layer for layer in layers if layer is not None])
    return svg_of(chart.properties(width=WIDTH - _NAMES, height=2 * _ROW), figure.anchor, figure.alt)


def _marks(pair: ComparedPair, row: int, look: Look) -> list[dict[str, Any]]:
    counts = [(cluster, cluster.left if row == 0 else cluster.right) for cluster in pair.clusters]
    total = sum(n for _, n in counts)
    return [
        {
            "x": _middle(one),
            "y": row,
            "s": round(n / total, 5),
            "c": look.color,
            "p": look.shape,
            "alone": not (one.left and one.right),
        }
        for one, n in counts
        if n
    ]


def _middle(cluster: Cluster) -> float:
    return round((log_odds(cluster.low_pct) + log_odds(cluster.high_pct)) / 2, 9)


def _row() -> alt.Y:
    return alt.Y("y:Q", scale=alt.Scale(domain=[-0.6, 1.6], reverse=True, nice=False), axis=None)


def _encoded(base: Any, odds: Axis) -> Any:
    x = alt.X("x:Q", title="probability", scale=axis_scale(odds), axis=axis_ticks(odds, titleFontSize=10))
    size = alt.Size("s:Q", scale=alt.Scale(domain=[0, 1], range=[8, _LARGEST]), legend=None)
    return base.encode(x=x, y=_row(), size=size)


def _discs(marks: list[dict[str, Any]], odds: Axis) -> Any:
    common = [mark for mark in marks if not mark["alone"]]
    if not common:
        return None
    base = chart_of(common).mark_point(fillOpacity=0.55, strokeWidth=1, opacity=1)
    look = {
        "fill": alt.Fill("c:N", scale=None),
        "stroke": alt.Stroke("c:N", scale=None),
        "shape": alt.Shape("p:N", scale=None),
    }
    return _encoded(base, odds).encode(**look)


def _diamonds(marks: list[dict[str, Any]], odds: Axis) -> Any:
    alone = [mark for mark in marks if mark["alone"]]
    if not alone:
        return None
    base = chart_of(alone).mark_point(shape="diamond", fill=CHANGED, stroke=CHANGED, fillOpacity=0.4, opacity=1)
    return _encoded(base, odds)
