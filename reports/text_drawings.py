"""The drawings of a page's texts, by the anchors of the figures that they belong to."""

from collections.abc import Callable, Mapping, Sequence

from reports import agreement, answers, arms, survival, text_days
from reports.blocks import Block
from reports.looks import Look
from reports.text_source import Drawn
from tasks.core.plan import SeriesKey


def text_drawings(
    blocks: Sequence[Block], drawn: Drawn, labels: Mapping[SeriesKey, str], looks: Mapping[str, Look]
) -> dict[str, str]:
    """SVG by anchor, for those figures that have something to draw."""
    figures = {figure.anchor: figure for block in blocks for figure in block.figures}
    return {
        anchor: draw(figures[anchor].alt)
        for anchor, draw in _drawable(drawn, labels, looks).items()
        if anchor in figures
    }


def _drawable(
    drawn: Drawn, labels: Mapping[SeriesKey, str], looks: Mapping[str, Look]
) -> dict[str, Callable[[str], str]]:
    """What has more than one mark to draw."""
    has_days = any(len(arm.days) > 1 for arm in drawn.agreement)
    has_arms = any(arm.modal[1] for group in drawn.groups for arm in group.arms)
    if not (drawn.groups or drawn.shares or drawn.curves or drawn.days or has_days):
        return {}
    # Half a second to import, and not every page draws.
    from reports import charts_of_text_days as over_days
    from reports import charts_of_texts as charts

    every: list[tuple[bool, str, Callable[[str], str]]] = [
        (has_arms, arms.ANCHOR, lambda alt: charts.by_arm(drawn.groups, drawn.settings, looks, alt)),
        (True, answers.ANCHOR, lambda alt: charts.answers(drawn.shares, labels, looks, alt)),
        (True, survival.ANCHOR, lambda alt: charts.survival(drawn.curves, drawn.curve_labels, looks, alt)),
        (
            bool(drawn.days),
            text_days.ANCHOR,
            lambda alt: over_days.agreement_over_days(drawn.days, text_days.day_labels(drawn.days), looks, alt),
        ),
        (
            has_days,
            agreement.ANCHOR,
            lambda alt: over_days.total_agreement(drawn.agreement, agreement.arm_labels(drawn.agreement), looks, alt),
        ),
    ]
    return {anchor: draw for is_drawn, anchor, draw in every if is_drawn}
