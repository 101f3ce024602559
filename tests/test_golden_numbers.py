"""The published figures, from recording to mart: what every later change has to keep."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.aggregate import aggregate
from tasks.land import import_file
from tasks.warehouse import Warehouse

DATA = Path(__file__).parent / "data"
NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
THRESHOLDS = (0.01, 0.001, 0.0001)


def overall(warehouse: Warehouse) -> dict[str, Any]:
    """The one row of mart.spread_overall."""
    (row,) = warehouse.rows("from mart.spread_overall")
    return row


def clusters(warehouse: Warehouse) -> dict[float, int]:
    """How many clusters there are over all, by threshold."""
    rows = warehouse.rows("select threshold_pp, count(*) as clusters from mart.clusters_overall group by all")
    return {row["threshold_pp"]: row["clusters"] for row in rows}


def import_recording(warehouse: Warehouse, name: str) -> None:
    """Import a recording and make the marts."""
    landing = import_file(warehouse, DATA / name, NOW)
    aggregate(warehouse, landing.days, [])


def test_ten_thousand_flips(
    warehouse: Warehouse, land: Callable[..., Any], ten_thousand_flips: list[dict[str, Any]]
) -> None:
    """The article's ten thousand flips give the article's figures."""
    aggregate(warehouse, land(ten_thousand_flips).days, [])
    row = overall(warehouse)
    assert (row["samples"], row["observed"], row["distinct_values"]) == (10_000, 10_000, 42)
    assert (row["singletons"], row["doubletons"]) == (9, 1)
    assert row["range_pp"] == pytest.approx(13.7154, abs=5e-5)
    assert row["mean_pct"] == pytest.approx(96.8054, abs=5e-5)
    assert row["modal_pct"] == pytest.approx(96.2660836887, abs=5e-11)
    assert row["modal_share"] == 0.3391
    assert row["entropy_bits"] == pytest.approx(2.7101, abs=5e-5)
    assert row["effective_values"] == pytest.approx(6.544, abs=5e-4)
    assert row["gini_simpson"] == pytest.approx(0.77753, abs=5e-6)
    assert row["chao1"] == pytest.approx(59.998, abs=5e-4)
    assert row["unseen_mass"] == 0.0009
    assert row["coverage"] == pytest.approx(0.99910, abs=5e-6)
    assert clusters(warehouse) == dict(zip(THRESHOLDS, (12, 13, 17), strict=True))
    fingerprints = warehouse.rows("select system_fingerprint, n from mart.fingerprints_by_day order by n")
    assert [row["n"] for row in fingerprints] == [4488, 5512]


def test_ten_thousand_flips_are_grid_steps(
    warehouse: Warehouse, land: Callable[..., Any], ten_thousand_flips: list[dict[str, Any]]
) -> None:
    """Each cluster's gap is within 0.0021 nat of a multiple of a quarter, though only probabilities are known."""
    aggregate(warehouse, land(ten_thousand_flips).days, [])
    rows = warehouse.rows("select gap_nat from mart.clusters_overall where threshold_pp = 0.01 order by cluster")
    gaps = [row["gap_nat"] for row in rows]
    steps = [1.75, 2.0, 2.5, 2.5, 2.75, 3.0, 3.25, 3.5, 3.75, 4.0, 4.25, 4.5]
    assert gaps == pytest.approx(steps, abs=0.0021)


def test_hourly_gpt_4o(warehouse: Warehouse) -> None:
    """The hourly recording gives its published figures, over all and by day."""
    import_recording(warehouse, "gpt-4o-x-2026-08.ndjson")
    row = overall(warehouse)
    assert (row["samples"], row["distinct_values"], row["distinct_distributions"]) == (80, 32, 32)
    assert (row["distinct_orderings"], row["singletons"], row["doubletons"]) == (35, 17, 3)
    assert row["range_pp"] == pytest.approx(19.4728, abs=5e-5)
    assert row["entropy_bits"] == pytest.approx(4.5443, abs=5e-5)
    assert row["modal_share"] == 0.1375
    assert row["chao1"] == pytest.approx(65.575, abs=5e-4)
    assert row["unseen_mass"] == 0.2125
    assert row["coverage"] == pytest.approx(0.78845, abs=5e-6)
    assert clusters(warehouse) == dict(zip(THRESHOLDS, (27, 31, 32), strict=True))
    days = warehouse.rows("select samples from mart.spread_by_day order by day")
    assert [row["samples"] for row in days] == [14, 7, 9, 9, 10, 6, 19, 6]


def test_hourly_gpt_4o_stands_on_a_grid(warehouse: Warehouse) -> None:
    """Every gap of every list is a multiple of 1/64 nat, so every cluster is explained."""
    import_recording(warehouse, "gpt-4o-x-2026-08.ndjson")
    (grid,) = warehouse.rows("from mart.logit_grid_overall")
    assert (grid["grid_step_nat"], grid["share_on_grid"]) == (1 / 64, 1.0)
    assert (grid["gaps"], grid["clusters_explained"], grid["clusters"]) == (32 * 19, 27, 27)
    assert warehouse.rows("from mart.fingerprint_lifetimes") == []


def test_local_server(warehouse: Warehouse) -> None:
    """The local server's two or one values a day, and the first day's counts."""
    import_recording(warehouse, "local-coin.ndjson")
    rows = warehouse.rows(
        "select prompt, list(distinct_values order by day) as n from mart.spread_by_day group by prompt"
    )
    distinct = {row["prompt"]: row["n"] for row in rows}
    assert distinct == {"coin": [2] * 6 + [1] * 8, "please": [2] * 10 + [1] * 4, "toss": [1] * 14}
    first = warehouse.rows(
        """
        select prompt, round(probability_pct, 6) as pct, sum(n)::bigint as n
        from mart.value_counts_by_day where day = '2026-10-01' group by all order by all
        """
    )
    assert [tuple(row.values()) for row in first] == [
        ("coin", 20.55712, 14),
        ("coin", 20.559451, 36),
        ("please", 14.906689, 31),
        ("please", 14.909399, 19),
        ("toss", 35.08238, 50),
    ]
    assert warehouse.rows("select distinct null_share, set_churn, share_churn from mart.churn_by_day") == [
        {"null_share": 1.0, "set_churn": None, "share_churn": None}
    ]
