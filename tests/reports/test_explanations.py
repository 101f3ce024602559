"""What explains the values: fingerprints, the logit grid, the lists, the time. From rows made by hand."""

import datetime as dt
from typing import Any

import pytest

from reports import association, grids, time_effects, top_lists
from reports.rows import ClusterRow
from reports.rows_of_change import AssociationRow, EffectRow, GridDayRow, GridRow, TopListRow
from tasks.core.plan import SeriesKey

PLACE = {"study": "s", "endpoint": "e", "model": "m", "arm": "a", "prompt": "p"}
KEY = SeriesKey(**PLACE)
LABELS = {KEY: "m"}


def associated(**figures: Any) -> AssociationRow:
    """Twelve clusters and two fingerprints that have nothing to do with each other."""
    usual = {
        "threshold_pp": 0.01,
        "cramers_v": 0.02,
        "u_cluster_given_fingerprint": 0.001,
        "u_fingerprint_given_cluster": 0.002,
        "days_within": 3,
        "cramers_v_within_days": 0.03,
        "u_cluster_given_fingerprint_within_days": 0.004,
        "u_fingerprint_given_cluster_within_days": 0.005,
        "p_value": 0.41,
        "permutations": 999,
        "clusters": 12,
        "fingerprints": 2,
        "observed": 10_000,
    }
    return AssociationRow.model_validate({**PLACE, **usual, **figures})


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({}, ["Neither explains which cluster a call gets: V = 0.03 within days, p = 0.41."]),
        ({"fingerprints": 5}, ["None of the 5 explains which cluster a call gets: V = 0.03 within days, p = 0.41."]),
        (
            {"p_value": 0.001, "cramers_v_within_days": 0.7, "u_cluster_given_fingerprint_within_days": 0.6},
            [
                "The fingerprint says for the most part which cluster a call gets: V = 0.7 within days, p = 0.001; "
                "knowing it removes 60% of the uncertainty."
            ],
        ),
        ({"fingerprints": 1}, ["One fingerprint served all 12 clusters: it does not explain which a call gets."]),
        ({"fingerprints": 0}, []),
        ({"clusters": 1}, []),
        (
            {"days_within": 1, "cramers_v_within_days": None},
            ["Neither explains which cluster a call gets: p = 0.41."],
        ),
        (
            {"p_value": None},
            ["No two fingerprints answered on one day: whether they explain the clusters, or the days do, is open."],
        ),
    ],
)
def test_whether_the_fingerprint_explains_the_clusters(figures: dict[str, Any], words: list[str]) -> None:
    """Always with the p-value; nothing where there is nothing to explain, or nobody named."""
    assert association.explains([associated(**figures)], 0.01) == words


def test_an_association_that_is_not_defined_has_no_row() -> None:
    """And without any there is no figure."""
    assert association.association_figure([associated(p_value=None)], LABELS) is None
    figure = association.association_figure([associated()], LABELS)
    assert figure is not None
    assert figure.table.rows[0][5:] == ("3", "0.03", "0.004", "0.005", "0.41")


def cluster(number: int, gap_nat: float | None) -> ClusterRow:
    """A cluster of one value at this gap."""
    figures = {"threshold_pp": 0.01, "cluster": number, "n": 1, "distinct_values": 1, "share": 0.1}
    return ClusterRow.model_validate({**PLACE, **figures, "min_pct": 1, "max_pct": 1, "gap_nat": gap_nat})


def grid(step: float | None, explained: int, clusters: int) -> GridRow:
    """The grid of the lists."""
    figures = {"grid_step_nat": step, "share_on_grid": 1.0, "gaps": 100}
    return GridRow.model_validate({**PLACE, **figures, "clusters_explained": explained, "clusters": clusters})


@pytest.mark.parametrize(
    ("gaps", "lists", "words"),
    [
        ([1.75, 2.0, 2.5], None, " a quarter of a nat apart: the steps of a bfloat16 logit"),
        ([0.3, 1.1], grid(1 / 64, 2, 2), " 1/64 nat apart, or multiples of it: the steps of a low-precision logit"),
        (
            [0.3, 1.1],
            grid(1 / 64, 1, 2),
            ", of which 1 stands on steps of 1/64 nat, those of a low-precision logit",
        ),
        ([0.3, 1.1], grid(None, 0, 2), ""),
        ([0.3, None], None, ""),
        ([2.0], grid(1 / 4, 1, 1), ""),
    ],
)
def test_clusters_stand_on_the_steps_of_a_logit(gaps: list[float | None], lists: GridRow | None, words: str) -> None:
    """By their own spacing, or by the grid of the lists; silent where neither says it."""
    assert grids.clusters_stand([cluster(i, gap) for i, gap in enumerate(gaps)], lists) == words


def test_a_grid_by_day_is_shown_where_it_changed() -> None:
    """A row a stretch of days; none where it stayed."""
    rows = [
        GridDayRow.model_validate({**PLACE, "day": dt.date(2026, 10, n), "lists": 2, "gaps": 38, "grid_step_nat": step})
        for n, step in ((1, 1 / 64), (2, 1 / 64), (3, None))
    ]
    figure = grids.grids_figure(rows, LABELS)
    assert figure is not None
    assert figure.table.rows == [
        ("m", "2026-10-01 to 2026-10-02", "1/64 nat", "2", "4", "76"),
        ("m", "2026-10-03", "none", "1", "2", "38"),
    ]
    assert grids.grids_figure(rows[:2], LABELS) is None


def top(rank: int, entries: dict[str, float]) -> TopListRow:
    """A list of tokens and their log-probabilities."""
    figures = {"rank": rank, "n": 3, "share": 0.3, "tokens": list(entries), "logprobs": list(entries.values())}
    return TopListRow.model_validate({**PLACE, **figures})


def test_two_lists_stand_side_by_side() -> None:
    """Sorted, with gaps, and what differs at each place."""
    lists = [top(1, {"b": -2.0, "a": -0.25}), top(2, {"a": -0.25, "c": -3.0, "b": -4.0})]
    (figure,) = top_lists.top_lists(lists, LABELS)
    assert [row[3] for row in figure.table.rows] == ["same", "other token", "other token"]
    assert figure.table.rows[1] == ("“b”", "13.53%", "1.7500", "other token", "“c”", "4.979%", "2.7500")
    assert figure.caption.endswith("2 tokens in common; only the second has “c”.")
    assert top_lists.top_lists(lists[:1], LABELS) == []


def test_other_values_have_the_digits_that_tell_them_apart() -> None:
    """Else a reader sees two equal numbers called different."""
    lists = [top(1, {"a": -0.25, "b": -2.0}), top(2, {"a": -0.25, "b": -2.000001})]
    (figure,) = top_lists.top_lists(lists, LABELS)
    assert [row[1] for row in figure.table.rows] == ["77.88%", "13.53353%"]
    assert figure.table.rows[1][3:6] == ("other value", "“b”", "13.53351%")


def effect(name: str, p_value: float | None) -> EffectRow:
    """What the hour or the weekday explains."""
    figures = {"effect": name, "groups": 7, "days": 28, "explained_share": 0.25, "permutations": 999}
    return EffectRow.model_validate({**PLACE, **figures, "p_value": p_value})


def test_the_time_is_told_where_chance_does_not_explain_it() -> None:
    """Else one sentence for all, and without enough data none."""
    block = time_effects.effects_block([effect("hour", 0.001), effect("weekday", 0.4)], LABELS)
    assert block is not None
    assert block.paragraphs == [
        "m: the hour of the day explains 25.0% of how its values vary, over 28 days (p = 0.001).",
        "Beyond that, neither the hour of the day nor the weekday explains more of what differs than chance would.",
    ]
    assert time_effects.effects_block([effect("hour", None)], LABELS) is None
