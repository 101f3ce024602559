"""The comparison page: two sides of days, models, arms or prompts beside each other."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports import format as f
from reports import sentences
from reports.compared import Compared, ComparedPair
from reports.figures_of_compare import (
    MOST_COMPLETIONS,
    clusters_figure,
    completions_figure,
    distances_figure,
    sides_figure,
)
from reports.looks import model_looks
from reports.names import series_labels, study_page
from reports.site import Page
from reports.view import Figure, Link, Sheet
from reports.words_of_compare import left_out, names, pair_words, summary
from tasks.core.plan import SeriesKey

__all__ = ["MOST_COMPLETIONS", "MOST_PAIRS", "CompareView", "compare_json", "compare_page"]

MOST_PAIRS = 24
MOST_DRAWN = 12


@dataclass(frozen=True, slots=True)
class PairView:
    """One pair of series in words and figures."""

    label: str
    sentences: list[str]
    figures: list[Figure]


@dataclass(frozen=True, slots=True)
class CompareView:
    """Everything a comparison page says."""

    title: str
    simulated: str
    lead: str
    studies: list[Link]
    notes: list[str]
    summary: list[str]
    pairs: list[PairView]
    command: str


def compare_page(compared: Compared, models: Sequence[str]) -> Page:
    """The page with its drawings and sheets. `models` are all of the warehouse, for their colours."""
    left, right = names(compared.left, compared.right)
    labels = _labels(compared)
    view = CompareView(
        title=f"{f.visible(compared.left.study)}: {left} beside {right}"
        if compared.left.study == compared.right.study
        else f"{left} beside {right}",
        simulated=sentences.simulated(compared.is_simulated),
        lead=f"{f.visible(compared.left.text)} beside {f.visible(compared.right.text)}: "
        f"{f.counted(len(compared.pairs), 'pair')} of series.",
        studies=[
            Link(f.visible(study), f"../{study_page(study)}")
            for study in dict.fromkeys((compared.left.study, compared.right.study))
        ],
        notes=left_out(compared, left, right),
        summary=summary(compared, labels),
        pairs=[_pair(compared, pair, label, left, right) for pair, label in zip(compared.pairs, labels, strict=True)],
        command=f.visible(f"flipbook compare {shlex.quote(compared.left.text)} {shlex.quote(compared.right.text)}"),
    )
    return Page(compared.path, "compare.html", view, _charts(compared, view, models, left, right), _sheets(compared))


def _labels(compared: Compared) -> list[str]:
    """What tells pairs apart: the parts that both series of a pair have in common."""
    keys = [
        SeriesKey(*(a if a == b else "" for a, b in zip(pair.left.key, pair.right.key, strict=True)))
        for pair in compared.pairs
    ]
    if len(keys) == 1:
        return [f.visible(" · ".join(part for part in keys[0][1:] if part)) or "both"]
    labels = series_labels(keys)
    return [labels[key].removeprefix(" · ") or "both" for key in keys]


def _pair(compared: Compared, pair: ComparedPair, label: str, left: str, right: str) -> PairView:
    figures = (
        clusters_figure(pair, left, right),
        distances_figure(pair),
        sides_figure(pair, left, right),
        completions_figure(pair, compared.texts, left, right),
    )
    return PairView(label, pair_words(pair, left, right), [figure for figure in figures if figure])


def _charts(compared: Compared, view: CompareView, models: Sequence[str], left: str, right: str) -> dict[str, str]:
    from reports.charts_of_compare import on_common_axis

    looks = model_looks(models)
    return {
        shown.figures[0].anchor: on_common_axis(pair, (left, right), looks, shown.figures[0])
        for pair, shown in zip(compared.pairs[:MOST_DRAWN], view.pairs, strict=False)
        if pair.clusters
    }


def _sheets(compared: Compared) -> list[Sheet]:
    """Every row behind the figures; a pair goes by the names of its series."""
    keys = ("endpoint", "model", "arm", "prompt")
    head = tuple(f"{side}_{name}" for side in ("left", "right") for name in keys)
    places = [(*pair.left.key[1:], *pair.right.key[1:]) for pair in compared.pairs]
    pairs = list(zip(places, compared.pairs, strict=True))
    distances = [
        (*place, figure.name, figure.statistic, figure.p_value, figure.permutations)
        for place, pair in pairs
        for figure in pair.comparison.figures.values()
    ]
    clusters = [
        (*place, one.low_pct, one.high_pct, one.left, one.right) for place, pair in pairs for one in pair.clusters
    ]
    sides = [
        (*place, name, side.calls, side.failures, sum(side.span.values.values()), len(side.span.values))
        for place, pair in pairs
        for name, side in (("left", pair.left), ("right", pair.right))
    ]
    completions = [
        (*place, one, pair.left.span.completions[one], pair.right.span.completions[one])
        for place, pair in pairs
        for one in sorted(pair.left.span.completions | pair.right.span.completions)
    ]
    return [
        Sheet("distances.csv", (*head, "distance", "statistic", "p_value", "permutations"), distances),
        Sheet("clusters.csv", (*head, "low_pct", "high_pct", "left_n", "right_n"), clusters),
        Sheet("sides.csv", (*head, "side", "calls", "failures", "observed", "distinct_values"), sides),
        Sheet("completions.csv", (*head, "completion_id", "left_n", "right_n"), completions),
    ]


def compare_json(compared: Compared) -> dict[str, Any]:
    """The figures for scripts, unrounded."""
    return {
        "left": compared.left.text,
        "right": compared.right.text,
        "pairs": [
            {
                "left": pair.left.key._asdict(),
                "right": pair.right.key._asdict(),
                "observed": [sum(side.span.values.values()) for side in (pair.left, pair.right)],
                "distinct_values": [len(side.span.values) for side in (pair.left, pair.right)],
                "p_value": pair.comparison.p_value,
                "figures": {
                    figure.name: {"statistic": figure.statistic, "p_value": figure.p_value}
                    for figure in pair.comparison.figures.values()
                },
            }
            for pair in compared.pairs
        ],
    }
