"""The drawings of texts over days: agreement, and total agreement."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from reports.agreement import ANCHOR as TOTAL
from reports.agreement import ArmAgreement
from reports.axis import day_axis
from reports.charts import INK, chart_of, day_x, filled, svg_of
from reports.charts_of_texts import COLUMN, grid, interval_rows, percent_axis, titled
from reports.looks import Look
from reports.text_days import ANCHOR as DAYS
from reports.text_days import MOST_PANELS, ArmDays
from tasks.core.plan import SeriesKey

Labels = Mapping[SeriesKey, str]
Looks = Mapping[str, Look]
WIDTH, HEIGHT = COLUMN - 30, 96
# Beyond, lines alone are drawn: a mark a day would be too many.
MOST_MARKED_DAYS = 60


def agreement_over_days(every: Sequence[ArmDays], labels: Labels, looks: Looks, alt_text: str) -> str:
    """A panel an arm: each day's agreement, with its interval where days are few."""
    panels = [_days_panel(arm, labels[arm.key], looks[arm.key.model]) for arm in every[:MOST_PANELS]]
    return svg_of(grid(panels), DAYS, alt_text)


def _days_panel(arm: ArmDays, label: str, look: Look) -> Any:
    x = day_x(day_axis(arm.days[0].day, arm.days[-1].day, most=3))
    rows = [{"x": row.day.toordinal(), **interval_rows(row.modal_calls, row.observed)} for row in arm.days]
    base, y = chart_of(rows), percent_axis("agreement")
    layers = [base.mark_line(stroke=look.color, strokeOpacity=0.6, strokeWidth=1.5).encode(x=x, y=y)]
    if len(rows) <= MOST_MARKED_DAYS:
        layers.append(
            base.mark_rule(stroke=look.color, strokeWidth=1.5).encode(
                x=x, y=percent_axis("agreement", "low"), y2="high:Q"
            )
        )
        layers.append(base.mark_point(size=26, **filled(look)).encode(x=x, y=y))
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=titled(label))


def total_agreement(every: Sequence[ArmAgreement], labels: Labels, looks: Looks, alt_text: str) -> str:
    """A panel an arm: TARr and TARa of each day, both named on the curve."""
    panels = [_total_panel(arm, labels[arm.key], looks[arm.key.model]) for arm in every[:MOST_PANELS]]
    return svg_of(grid(panels), TOTAL, alt_text)


def _total_panel(arm: ArmAgreement, label: str, look: Look) -> Any:
    kinds = {
        "TARr": [(row.day, row.tarr_prompts / row.prompts) for row in arm.days],
        "TARa": [(row.day, row.tara_prompts / row.prompts) for row in arm.days if row.tara_prompts is not None],
    }
    x = day_x(day_axis(arm.days[0].day, arm.days[-1].day, most=3))
    y = percent_axis("agree")
    layers = []
    # Names a little apart, for days on which both agree.
    for name, dash, shift in (("TARr", [1, 0], 5), ("TARa", [5, 3], -5)):
        rows = [{"x": day.toordinal(), "y": round(share, 4), "t": name} for day, share in kinds[name]]
        if rows:
            layers.append(chart_of(rows).mark_line(stroke=look.color, strokeDash=dash, point=False).encode(x=x, y=y))
            if len(rows) <= MOST_MARKED_DAYS:
                layers.append(chart_of(rows).mark_point(size=22, **filled(look)).encode(x=x, y=y))
            name_of = chart_of(rows[-1:]).mark_text(align="left", dx=6, dy=shift, fontSize=10, color=INK)
            layers.append(name_of.encode(x=x, y=y, text="t:N"))
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=titled(label))
