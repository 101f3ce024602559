"""The drawings of texts: agreement by arm, its survival by token, answers, and total agreement over days."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from reports.answers import ANCHOR as ANSWERS
from reports.answers import Share
from reports.arms import ANCHOR as BY_ARM
from reports.arms import ArmFigures, Group, drawn
from reports.charts import INK, WIDTH, chart_of, filled, svg_of
from reports.format import visible
from reports.looks import Look
from reports.survival import ANCHOR as SURVIVAL
from reports.survival import MOST_PANELS, Curve
from reports.words_of_texts import median_shared
from tasks.core.arms import Settings
from tasks.core.plan import SeriesKey
from tasks.core.statistics import wilson_interval

Labels = Mapping[SeriesKey, str]
Looks = Mapping[str, Look]
COLUMNS = 2
COLUMN = 290
_ROW = 24
_STEPS: list[int] = [nice * 10**power for power in range(9) for nice in (1, 2, 5)]
_LABELS = 170
_SHARE = alt.Scale(domain=[0, 1], nice=False)
_PERCENT: dict[str, Any] = {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]}


def survival(every: Sequence[Curve], labels: Labels, looks: Looks, alt_text: str) -> str:
    """A falling curve in a panel of its own for each series, all on the same axes."""
    shown = [curve for curve in every if curve.left][:MOST_PANELS]
    # A little beyond the last to leave, so that what stays is seen.
    longest = round(1.05 * max(curve.left[-1][0] for curve in shown)) + 2
    panels = [_survival_panel(curve, labels[curve.key], looks[curve.key.model], longest) for curve in shown]
    return svg_of(grid(panels), SURVIVAL, alt_text)


def _survival_panel(curve: Curve, label: str, look: Look, longest: int) -> Any:
    steps = curve.steps()
    rows = [{"x": x, "y": round(y, 4)} for x, y in [*steps, (longest, steps[-1][1])]]
    line = chart_of(rows).mark_line(interpolate="step-after", stroke=look.color, strokeWidth=2)
    x = alt.X(
        "x:Q",
        title=f"{curve.unit}s from the beginning",
        scale=alt.Scale(domain=[0, longest], nice=False),
        axis=alt.Axis(values=list(range(0, longest + 1, _step(longest))), format="d"),
    )
    y = percent_axis("agree")
    end = chart_of(rows[-1:]).mark_point(size=50, **filled(look))
    curve_and_end = line.encode(x=x, y=y) + end.encode(x=x, y=y)
    return curve_and_end.properties(width=COLUMN, height=96, title=titled(label))


def _step(longest: int) -> int:
    """Between whole numbers, at most six ticks."""
    return next(step for step in _STEPS if longest / step <= 6)


def by_arm(every: Sequence[Group], made: Settings, looks: Looks, alt_text: str) -> str:
    """A panel a group: agreement against the number in which the arms differ, or a row an arm."""
    panels = [
        _against(group, made, made.numeric, looks) if made.numeric else _rows_of_arms(group, looks)
        for group in drawn(every)
    ]
    return svg_of(alt.vconcat(*panels, spacing=16), BY_ARM, alt_text)


def _against(group: Group, made: Settings, field: str, looks: Looks) -> Any:
    levels = made.differing[field]
    arms = [arm for arm in group.arms if arm.modal[1]]
    x = alt.X(
        "x:Q",
        title=visible(field),
        scale=_number_scale(list(levels.values())),
        axis=alt.Axis(values=sorted(set(levels.values())), format="~g"),
    )
    look = looks[group.key.model]
    agreement = _intervals([{"x": levels[arm.series.arm], **interval_rows(*arm.modal)} for arm in arms], x, look)
    panels = [agreement.properties(width=COLUMN, height=130, title=titled(group.label))]
    shared = [{"x": levels[arm.series.arm], "y": _median(arm)} for arm in arms if _median(arm) is not None]
    if shared:
        unit = next(arm.divergence[0].unit for arm in arms if arm.divergence)
        y = alt.Y("y:Q", title=f"{unit}s shared by half", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=4))
        line = chart_of(shared).mark_line(stroke=look.color, strokeDash=[4, 3], strokeWidth=1.5).encode(x=x, y=y)
        dots = chart_of(shared).mark_point(size=50, **filled(look)).encode(x=x, y=y)
        panels.append((line + dots).properties(width=COLUMN, height=130, title=titled("how long the others agree")))
    return alt.hconcat(*panels, spacing=30)


def _median(arm: ArmFigures) -> int | None:
    return median_shared(arm.divergence)


def _number_scale(levels: Sequence[float]) -> alt.Scale:
    """Logarithmic where the levels grow by factors and none is 0."""
    low, high = min(levels), max(levels)
    if low > 0 and high / low >= 8:
        return alt.Scale(type="log", domain=[low / 1.15, high * 1.15], nice=False)
    margin = (high - low) * 0.06
    return alt.Scale(domain=[low - margin, high + margin], nice=False, zero=False)


def _intervals(rows: list[dict[str, Any]], x: alt.X, look: Look) -> Any:
    base = chart_of(rows)
    y = percent_axis("agreement")
    reach = base.mark_rule(stroke=look.color, strokeWidth=2).encode(x=x, y=alt.Y("low:Q", scale=_SHARE), y2="high:Q")
    line = base.mark_line(stroke=look.color, strokeOpacity=0.5, strokeWidth=1.5).encode(x=x, y=y)
    return line + reach + base.mark_point(size=60, **filled(look)).encode(x=x, y=y)


def interval_rows(events: int, n: int) -> dict[str, float]:
    """A share and the ends of its 95% interval, as a mark's own data."""
    low, high = wilson_interval(events, n)
    return {"y": round(events / n, 4), "low": round(low, 4), "high": round(high, 4)}


def _rows_of_arms(group: Group, looks: Looks) -> Any:
    arms = [arm for arm in group.arms if arm.modal[1]]
    rows = [{"t": visible(arm.series.arm), "at": i, **interval_rows(*arm.modal)} for i, arm in enumerate(arms)]
    chart = _dots(rows, looks[group.key.model], "agreement")
    return chart.properties(width=WIDTH - _LABELS, height=_ROW * len(rows), title=titled(group.label))


def _dots(rows: list[dict[str, Any]], look: Look, title: str) -> Any:
    """A row each: its name, a disc at its share, a line through its interval."""
    base = chart_of(rows)
    y = _row_of(len(rows))
    x = alt.X("y:Q", title=title, scale=_SHARE, axis=alt.Axis(**_PERCENT))
    names = base.mark_text(align="left", fontSize=11, color=INK, limit=_LABELS - 8).encode(
        x=alt.value(-_LABELS), y=y, text="t:N"
    )
    reach = base.mark_rule(stroke=look.color, strokeWidth=2).encode(x=alt.X("low:Q", scale=_SHARE), x2="high:Q", y=y)
    return names + reach + base.mark_point(size=60, **filled(look)).encode(x=x, y=y)


def _row_of(rows: int) -> alt.Y:
    return alt.Y("at:Q", scale=alt.Scale(domain=[-0.5, rows - 0.5], reverse=True, nice=False), axis=None)


def answers(every: Mapping[SeriesKey, Sequence[Share]], labels: Labels, looks: Looks, alt_text: str) -> str:
    """A row an answer: its share with its interval, a bar at the implied share, a diamond at a published one."""
    panels = [_answers_panel(shares, labels[key], looks[key.model]) for key, shares in every.items()]
    return svg_of(alt.vconcat(*panels[:MOST_PANELS], spacing=14), ANSWERS, alt_text)


def _answers_panel(shares: Sequence[Share], label: str, look: Look) -> Any:
    rows = [
        {"t": visible(share.row.answer or "no answer")[:40], "at": i, **interval_rows(*share.row.of)}
        for i, share in enumerate(shares)
    ]
    layers = [_dots(rows, look, "share of calls")]
    for shape, size, places in (
        ("M0,-1L0,1", 260, [(i, share.implied) for i, share in enumerate(shares)]),
        ("diamond", 90, [(i, share.published.share if share.published else None) for i, share in enumerate(shares)]),
    ):
        marked = [{"at": i, "y": round(at, 4)} for i, at in places if at is not None]
        if marked:
            points = chart_of(marked).mark_point(
                shape=shape, size=size, stroke=INK, strokeWidth=1.6, fill="none", opacity=1
            )
            layers.append(points.encode(x=alt.X("y:Q", scale=_SHARE), y=_row_of(len(rows))))
    chart = alt.layer(*layers)
    return chart.properties(width=WIDTH - _LABELS, height=_ROW * len(rows), title=titled(label))


def percent_axis(title: str, field: str = "y") -> alt.Y:
    """A share on an axis from 0% to 100%."""
    return alt.Y(f"{field}:Q", title=title, scale=_SHARE, axis=alt.Axis(**_PERCENT))


def grid(panels: Sequence[Any]) -> Any:
    """Panels in two columns."""
    rows = [panels[i : i + COLUMNS] for i in range(0, len(panels), COLUMNS)]
    return alt.vconcat(*[alt.hconcat(*row, spacing=40) for row in rows], spacing=14)


def titled(label: str) -> alt.TitleParams:
    """A panel's title."""
    return alt.TitleParams(label, anchor="start", frame="group", fontSize=12, offset=6, limit=COLUMN + 20)
