"""Periods, spread and clusters."""

import math
from collections.abc import Callable
from typing import Any

import pytest

Marts = Callable[..., Callable[[str], list[dict[str, Any]]]]
MakeLine = Callable[..., dict[str, Any]]
EDITED = {"model": "gpt-4o", "messages": [], "seed": 1, "logprobs": True, "top_logprobs": 2}


def heads(line: MakeLine, *percentages: float, **fields: Any) -> list[dict[str, Any]]:
    """One line for each probability of Heads."""
    return [line(top={"Heads": pct, "T": 100 - pct}, **fields) for pct in percentages]


def test_spread_by_hand(marts: Marts, line: MakeLine) -> None:
    """spread_by_day: 90 twice, 80 and 70 once each."""
    (row,) = marts(heads(line, 90, 90, 80, 70))("from mart.spread_by_day")
    assert (row["observed"], row["distinct_values"], row["singletons"], row["doubletons"]) == (4, 3, 2, 1)
    assert [row["min_pct"], row["max_pct"], row["range_pp"]] == pytest.approx([70, 90, 20])
    assert [row["mean_pct"], row["modal_pct"], row["modal_share"]] == pytest.approx([82.5, 90, 0.5])
    assert [row["entropy_bits"], row["effective_values"]] == pytest.approx([1.5, 2**1.5])
    assert row["gini_simpson"] == pytest.approx(1 - 2 / 12)
    assert row["chao1"] == pytest.approx(3 + 3 / 4 * 2 * 1 / (2 * 2))
    assert [row["unseen_mass"], row["coverage"]] == pytest.approx([0.5, 1 - 0.5 * 6 / (6 + 2)])


def test_modal_ties_go_to_the_higher_probability(marts: Marts, line: MakeLine) -> None:
    """spread_by_day: of two values as common as each other, the likelier."""
    (row,) = marts(heads(line, 70, 90, 80))("from mart.spread_by_day")
    assert row["modal_pct"] == pytest.approx(90)


def test_one_value_is_no_spread(marts: Marts, line: MakeLine) -> None:
    """spread_by_day: a control has 0 bits, one effective value and full coverage."""
    (row,) = marts(heads(line, 90, 90))("from mart.spread_by_day")
    assert (row["entropy_bits"], row["effective_values"], row["gini_simpson"], row["coverage"]) == (0, 1, 0, 1)
    assert math.copysign(1, row["entropy_bits"]) == 1


def test_a_single_sample_defines_less(marts: Marts, line: MakeLine) -> None:
    """spread_by_day: for n = 1 the chance that two calls differ, and coverage, are not defined."""
    (row,) = marts(heads(line, 90))("from mart.spread_by_day")
    assert (row["gini_simpson"], row["coverage"], row["unseen_mass"]) == (None, None, 1.0)


def test_nothing_observed_is_null_and_not_zero(marts: Marts, line: MakeLine) -> None:
    """spread_by_day: failures count in samples; figures of no value are null."""
    query = marts([line(status=500, response=None), line(top={"T": 99.0})])
    (row,) = query("from mart.spread_by_day")
    assert (row["samples"], row["observed"], row["failures"], row["unobserved"]) == (2, 0, 1, 1)
    assert (row["distinct_values"], row["distinct_distributions"], row["modal_pct"], row["chao1"]) == (None,) * 4


def test_orderings_and_distributions_are_told_apart(marts: Marts, line: MakeLine) -> None:
    """spread_by_day: the same set in another order is one distribution and two orderings."""
    query = marts([line(top={"Heads": 50.0, "a": 1.0, "b": 1.0}), line(top={"Heads": 50.0, "b": 1.0, "a": 1.0})])
    (row,) = query("from mart.spread_by_day")
    assert (row["distinct_values"], row["distinct_distributions"], row["distinct_orderings"]) == (1, 1, 2)


def test_an_edited_request_begins_anew(marts: Marts, line: MakeLine) -> None:
    """periods, spread_overall: the series' last request alone; its older days keep their own figures."""
    query = marts(
        [
            *heads(line, 70, 80),
            *heads(line, 60, day="2026-03-02"),
            *heads(line, 90, day="2026-03-02", request=EDITED, requested_at="2026-03-02T20:00:00Z"),
        ]
    )
    days = query("select day, observed, round(max_pct) as max_pct from mart.spread_by_day order by day")
    assert [(row["day"].day, row["observed"], row["max_pct"]) for row in days] == [(1, 2, 80), (2, 1, 90)]
    assert query("select observed from mart.spread_overall") == [{"observed": 1}]
    assert query("select count(*) filter (where period is null) as n from mart.periods") == [{"n": 1}]


def test_clusters_begin_after_a_wide_gap(marts: Marts, line: MakeLine) -> None:
    """clusters_by_day: a gap of 0.005 pp separates at 0.001 and not at 0.01."""
    query = marts(heads(line, 90, 90, 90.005, 95))
    rows = query("select threshold_pp, list(n order by cluster) as n from mart.clusters_by_day group by 1 order by 1")
    assert [row["n"] for row in rows] == [[2, 1, 1], [2, 1, 1], [3, 1]]


def test_a_cluster_by_hand(marts: Marts, line: MakeLine) -> None:
    """clusters_overall: shares, fingerprints and the gap of the modal value's commonest list."""
    query = marts(
        [*heads(line, 90, 90.005, fingerprint="fp_1"), *heads(line, 90, fingerprint="fp_2"), *heads(line, 95)]
    )
    row, _ = query("from mart.clusters_overall where threshold_pp = 0.01 order by cluster")
    assert (row["cluster"], row["n"], row["distinct_values"], row["fingerprints"], row["share"]) == (1, 3, 2, 2, 0.75)
    assert row["gap_nat"] == pytest.approx(math.log(9))
    assert (row["grid_point_nat"], row["residual_nat"]) == (None, None)


def test_a_gap_without_a_list_is_log_odds(marts: Marts, line: MakeLine) -> None:
    """clusters_overall: where only p is known the gap is ln(p/(1-p)), and no fingerprint is not observable."""
    rows = marts([line(top={"Heads": 80.0}, fingerprint=None)])("from mart.clusters_overall")
    assert rows[0]["gap_nat"] == pytest.approx(math.log(4))
    assert rows[0]["fingerprints"] is None


def on_grid(line: MakeLine, step: float, steps: int) -> dict[str, Any]:
    """A line whose list has gaps of whole steps of a grid."""
    likely = 0.1
    return line(
        top={"Heads": 100 * likely, "T": 100 * likely / math.exp(step * steps), "x": 100 * likely / math.exp(9)}
    )


def test_the_grid_is_the_coarsest_that_fits(marts: Marts, line: MakeLine) -> None:
    """logit_grid_overall: gaps of 3, 5 and 72 eighths, and 9 nat, lie on 1/8 and on nothing coarser."""
    query = marts([on_grid(line, 1 / 8, 3), on_grid(line, 1 / 8, 5)])
    (row,) = query("from mart.logit_grid_overall")
    assert (row["grid_step_nat"], row["gaps"], row["share_on_grid"]) == (1 / 8, 4, 1.0)
    assert (row["clusters_explained"], row["clusters"]) == (1, 1)
    points = query("select grid_point_nat, residual_nat from mart.clusters_overall where threshold_pp = 0.01")
    assert points[0]["grid_point_nat"] in (3 / 8, 5 / 8)
    assert points[0]["residual_nat"] == pytest.approx(0, abs=1e-9)


def test_no_grid_is_null(marts: Marts, line: MakeLine) -> None:
    """logit_grid_overall: gaps that are no multiple of any step have no grid, and explain nothing."""
    (row,) = marts(heads(line, 90, 81.7))("from mart.logit_grid_overall")
    assert (row["grid_step_nat"], row["clusters_explained"], row["clusters"]) == (None, None, 2)
