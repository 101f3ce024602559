"""Do fingerprints explain clusters?"""

import math
from collections.abc import Callable
from typing import Any

import pytest
from scipy.stats import fisher_exact

from tasks.aggregate import aggregate, rebuild
from tasks.warehouse import Warehouse

Marts = Callable[..., Callable[[str], list[dict[str, Any]]]]
MakeLine = Callable[..., dict[str, Any]]
SELECT = "from mart.association_overall where threshold_pp = 0.01"
Table = dict[tuple[str | None, float], int]


def answers(line: MakeLine, day: int, table: Table) -> list[dict[str, Any]]:
    """So many samples of each fingerprint and probability on a day of March."""
    return [
        line(f"2026-03-{day:02}", top={"Heads": pct}, fingerprint=fingerprint)
        for (fingerprint, pct), n in table.items()
        for _ in range(n)
    ]


def test_association_by_hand(marts: Marts, line: MakeLine) -> None:
    """association_overall: Bergsma's correction of V, and both uncertainty coefficients, of (6, 2; 1, 5)."""
    table = {("fp_1", 90.0): 6, ("fp_2", 90.0): 2, ("fp_1", 80.0): 1, ("fp_2", 80.0): 5}
    (row,) = marts(answers(line, 1, table))(SELECT)
    phi2 = (6 * 5 - 2 * 1) ** 2 / (8 * 6 * 7 * 7)
    corrected = phi2 - 1 / 13
    assert row["cramers_v"] == pytest.approx(math.sqrt(corrected / (2 - 1 / 13 - 1)))
    entropies = [-sum(n / 14 * math.log(n / 14) for n in of) for of in ((8, 6), (7, 7), (6, 2, 1, 5))]
    information = entropies[0] + entropies[1] - entropies[2]
    assert row["u_cluster_given_fingerprint"] == pytest.approx(information / entropies[0])
    assert row["u_fingerprint_given_cluster"] == pytest.approx(information / entropies[1])
    assert (row["clusters"], row["fingerprints"], row["observed"], row["permutations"]) == (2, 2, 14, 999)
    assert row["p_value"] == pytest.approx(fisher_exact([[6, 2], [1, 5]]).pvalue, abs=0.03)


def test_a_perfect_association_over_two_days(marts: Marts, line: MakeLine) -> None:
    """association_overall: V and U are 1, and no shuffling within days comes near."""
    table = {("fp_1", 90.0): 8, ("fp_2", 80.0): 8}
    (row,) = marts(answers(line, 1, table) + answers(line, 2, table))(SELECT)
    figures = [row[name] for name in ("cramers_v", "u_cluster_given_fingerprint", "u_fingerprint_given_cluster")]
    assert figures == pytest.approx([1, 1, 1])
    assert row["p_value"] == pytest.approx(0.001)


def test_no_association_has_a_large_p_value(marts: Marts, line: MakeLine) -> None:
    """association_overall: corrected, V is 0 where shares are equal."""
    table = {(name, pct): 5 for name in ("fp_1", "fp_2") for pct in (90.0, 80.0)}
    (row,) = marts(answers(line, 1, table) + answers(line, 2, table))(SELECT)
    assert row["cramers_v"] == 0
    assert row["u_cluster_given_fingerprint"] == pytest.approx(0, abs=1e-12)
    assert row["p_value"] == 1


def test_days_that_differ_in_both_are_no_association_within_days(marts: Marts, line: MakeLine) -> None:
    """association_overall: fingerprints and values that change overnight go together, and no day can say it."""
    first, second = {("fp_1", 90.0): 10}, {("fp_2", 80.0): 10}
    query = marts(answers(line, 1, first) + answers(line, 2, second))
    (row,) = query(SELECT)
    assert row["cramers_v"] == pytest.approx(1)
    assert (row["p_value"], row["permutations"]) == (None, None)
    assert query("from mart.cluster_tables_by_day") == []


def test_one_fingerprint_or_one_cluster_has_no_association(marts: Marts, line: MakeLine) -> None:
    """association_overall: null, not 0; answers without a fingerprint do not count."""
    lines = answers(line, 1, {("fp_1", 90.0): 5, (None, 80.0): 5})
    (row,) = marts([*lines, *answers(line, 1, {("fp_1", 80.0): 1})])(SELECT)
    assert (row["cramers_v"], row["u_cluster_given_fingerprint"], row["p_value"]) == (None, None, None)
    assert (row["clusters"], row["fingerprints"], row["observed"]) == (2, 1, 6)


def test_a_series_without_fingerprints_is_not_there(marts: Marts, line: MakeLine) -> None:
    """association_overall: not observable."""
    assert marts(answers(line, 1, {(None, 90.0): 5, (None, 80.0): 5}))("from mart.association_overall") == []


def test_two_samples_are_enough_for_a_row(marts: Marts, line: MakeLine) -> None:
    """association_overall: of two different ones, the corrected V is not defined."""
    (row,) = marts(answers(line, 1, {("fp_1", 90.0): 1, ("fp_2", 80.0): 1}))(SELECT)
    assert row["cramers_v"] is None
    assert row["u_cluster_given_fingerprint"] == pytest.approx(1)
    assert row["p_value"] == 1


def test_tables_are_of_a_day_and_numbered_within_it(marts: Marts, line: MakeLine) -> None:
    """cluster_tables_by_day: values 0.005 pp apart are one cluster at 0.01, two at finer thresholds."""
    table = {("fp_b", 90.0): 3, ("fp_c", 90.005): 2, ("fp_c", 95.0): 1}
    query = marts(answers(line, 1, table) + answers(line, 2, {("fp_a", 10.0): 1}))
    rows = query("select threshold_pp, cells from mart.cluster_tables_by_day order by threshold_pp desc")
    assert [row["threshold_pp"] for row in rows] == [0.01, 0.001, 0.0001]
    cells = [[tuple(cell.values()) for cell in row["cells"]] for row in rows]
    assert cells == [[(1, 1, 3), (1, 2, 2), (2, 2, 1)], *[[(1, 1, 3), (2, 2, 2), (3, 2, 1)]] * 2]
    assert len(query("select distinct table_id from mart.cluster_tables_by_day")) == 2


def test_within_days_is_each_day_weighted_by_its_calls(marts: Marts, line: MakeLine) -> None:
    """association_overall: a day of 16 calls that agree and one of 8 that do not; overnight changes are not in it."""
    perfect = {("fp_1", 90.0): 8, ("fp_2", 80.0): 8}
    none = {(name, pct): 2 for name in ("fp_1", "fp_2") for pct in (90.0, 80.0)}
    overnight = {("fp_3", 70.0): 5}
    days = [answers(line, day, table) for day, table in enumerate((perfect, none, overnight), start=1)]
    (row,) = marts([sample for day in days for sample in day])(SELECT)
    assert row["days_within"] == 2
    assert row["cramers_v_within_days"] == pytest.approx(16 / 24)
    # Information and entropy are ln 2 a call on the first day, 0 and ln 2 on the second.
    assert row["u_cluster_given_fingerprint_within_days"] == pytest.approx(16 / 24)
    assert row["u_fingerprint_given_cluster_within_days"] == pytest.approx(16 / 24)
    assert row["cramers_v"] > row["cramers_v_within_days"]


def test_a_month_that_is_over_is_added_up_once(warehouse: Warehouse, land: Callable[..., Any], line: MakeLine) -> None:
    """association_parts: a sum of its tables, which gives the p-value that the tables themselves give."""
    table = {("fp_1", 90.0): 4, ("fp_2", 90.0): 2, ("fp_1", 80.0): 1, ("fp_2", 80.0): 4}
    aggregate(warehouse, land(answers(line, 1, table) + answers(line, 2, table)).days, [])
    assert warehouse.rows("from raw.tests where test = 'association_month'") == []
    more = [line("2026-04-01", top={"Heads": pct}, fingerprint=name) for name, pct in table]
    aggregate(warehouse, land(more).days, [])
    (summed,) = warehouse.rows("select distinct statistic, permuted from raw.tests where test = 'association_month'")
    assert len(summed["permuted"]) == 999
    tables = warehouse.rows(
        "select statistic, permuted, month(tables.day) as month from raw.tests as tests "
        "join mart.cluster_tables_by_day as tables on input_hash = table_id where threshold_pp = 0.01"
    )
    assert summed["statistic"] == pytest.approx(sum(row["statistic"] for row in tables if row["month"] == 3))
    parts = warehouse.rows(
        "select is_sum, table_ids from mart.association_parts where threshold_pp = 0.01 order by first_day"
    )
    assert [(part["is_sum"], len(part["table_ids"])) for part in parts] == [(True, 2), (False, 1)]
    (both,) = warehouse.rows(SELECT)
    observed = sum(row["statistic"] for row in tables)
    draws = [sum(draw) for draw in zip(*(row["permuted"] for row in tables), strict=True)]
    assert both["p_value"] == (1 + sum(draw >= observed * (1 - 1e-6) - 1e-9 for draw in draws)) / 1_000
    rebuild(warehouse, [])
    assert warehouse.rows(SELECT) == [both]
    assert len(warehouse.rows("from raw.tests where test = 'association_month'")) == 1
