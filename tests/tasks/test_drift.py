"""Days against days in a warehouse: what is decided, kept, and decided anew."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks import association, drift, effects
from tasks.aggregate import aggregate, rebuild
from tasks.check import check_run
from tasks.judging import Judging
from tasks.land import import_file
from tasks.shown_days import DAYS_AT_ONCE
from tasks.warehouse import Warehouse

MakeLine = Callable[..., dict[str, Any]]
Land = Callable[..., Any]
Rows = list[dict[str, Any]]
DATA = Path(__file__).parents[1] / "data"
NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
ALARMS = "select prompt, day::varchar as day, reason from mart.drift_by_day where is_alarm order by all"


def drift_rows(warehouse: Warehouse) -> Rows:
    """All of mart.drift_by_day, in order."""
    return warehouse.rows("from mart.drift_by_day order by study, prompt, day")


def count(warehouse: Warehouse, table: str) -> int:
    """Its rows."""
    return int(warehouse.rows(f"select count(*) as n from {table}")[0]["n"])


@pytest.fixture(scope="session")
def coin_by_day() -> dict[int, Rows]:
    """One series of a recording, by the day of October: its server was changed on the 7th."""
    days = defaultdict(list)
    for text in (DATA / "local-coin.ndjson").read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if line["prompt"] == "coin":
            days[dt.date.fromisoformat(line["day"]).day].append(line)
    return days


def test_a_server_that_was_changed_twice_alarms_on_those_days(
    warehouse: Warehouse,
) -> None:
    """For all three series, on no other day; and in a rebuild, with tests made again or not, the same rows."""
    aggregate(warehouse, import_file(warehouse, DATA / "local-coin.ndjson", NOW).days, [])
    found = {(row["prompt"], row["day"]) for row in warehouse.rows(ALARMS)}
    assert found == {(prompt, day) for prompt in ("coin", "please", "toss") for day in ("2026-10-07", "2026-10-11")}
    whole, tests = drift_rows(warehouse), count(warehouse, "raw.tests")
    assert len(whole) == 3 * 14
    rebuild(warehouse, [])
    assert drift_rows(warehouse) == whole
    assert count(warehouse, "raw.tests") == tests
    drift.run(warehouse, [dt.date(2026, 10, 1)], again=True)
    assert count(warehouse, "raw.tests") > tests
    assert (
        warehouse.rows("select input_hash from raw.tests group by all having count(distinct (test, p_value)) > 10")
        == []
    )
    rebuild(warehouse, [])
    assert drift_rows(warehouse) == whole


@pytest.mark.parametrize("later", [(5, 6, 7, 8), (6, 8, 5, 7)], ids=["in order", "in disorder"])
def test_days_that_land_one_by_one_end_as_all_at_once(
    later: tuple[int, ...], warehouse: Warehouse, land: Land, coin_by_day: dict[int, Rows]
) -> None:
    """A day that comes late decides those after it anew."""
    aggregate(warehouse, land(one for day in range(1, 5) for one in coin_by_day[day]).days, [])
    for day in later:
        aggregate(warehouse, land(coin_by_day[day]).days, [])
    by_days = drift_rows(warehouse)
    warehouse.execute("delete from raw.tests")
    warehouse.execute("delete from raw.decisions")
    rebuild(warehouse, [])
    assert drift_rows(warehouse) == by_days
    assert [row["day"] for row in warehouse.rows(ALARMS)] == ["2026-10-07"]


def test_a_model_that_nobody_changed_raises_no_alarm(warehouse: Warehouse) -> None:
    """A week of gpt-4o, six to nineteen samples a day; each day is compared, and on the grid of 1/64."""
    aggregate(warehouse, import_file(warehouse, DATA / "gpt-4o-x-2026-08.ndjson", NOW).days, [])
    rows = drift_rows(warehouse)
    assert [row["day"].day for row in rows] == list(range(1, 9))
    assert not any(row["is_alarm"] for row in rows)
    assert {row["grid_step_nat"] for row in rows} == {1 / 64}
    figures = ("jaccard", "js_bits", "ks", "wasserstein_pp", "lt_nat", "p_value", "q_value")
    assert all(row[name] is not None for row in rows[1:] for name in (*figures, "baseline_wasserstein_pp"))
    assert all(rows[0][name] is None for name in (*figures, "previous_day", "reason"))


def samples(line: MakeLine, day: int, *percents: float, **fields: Any) -> Rows:
    """Ten samples of each probability on a day of March, taking turns: in a row they would be hardly more than one."""
    return [line(f"2026-03-{day:02}", top={"Heads": pct, "T": 1.0}, **fields) for _ in range(10) for pct in percents]


def test_a_day_that_is_withheld_later_is_history_no_longer(
    warehouse: Warehouse, land: Land, line: MakeLine, judging: Judging
) -> None:
    """Its row goes, and the days after it are decided without it, as if it had never been."""
    odd = samples(line, 5, 40.0, 41.0, run_id="odd")
    good = [one for day in (1, 2, 3, 4, 6, 7) for one in samples(line, day, 90.0, 80.0, run_id=f"r{day}")]
    landing = land([*good, *odd])
    for run_id in landing.unjudged:
        check_run(warehouse, run_id, NOW, judging)
    aggregate(warehouse, landing.days, [])
    assert [row["day"] for row in warehouse.rows(ALARMS)] == ["2026-03-05"]
    before = [row["previous_day"] for row in drift_rows(warehouse)]
    assert before[5] == dt.date(2026, 3, 5)
    judged = NOW + dt.timedelta(hours=1)
    breaks = samples(line, 20, 90.0, run_id="odd", model="llama-3")
    second = land(breaks)
    check_run(warehouse, "odd", judged, judging)
    aggregate(warehouse, second.days, [])
    rows = drift_rows(warehouse)
    assert [row["day"].day for row in rows] == [1, 2, 3, 4, 6, 7]
    assert rows[4]["previous_day"] == dt.date(2026, 3, 4)
    assert warehouse.rows(ALARMS) == []
    rebuild(warehouse, [])
    assert drift_rows(warehouse) == rows


def test_a_day_costs_only_its_own(
    warehouse: Warehouse, land: Land, line: MakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next day of a long series adds its own decision, two comparisons, and a few readings."""
    days = DAYS_AT_ONCE + 15
    first = dt.date(2026, 3, 1)
    lines = [
        line(str(first + dt.timedelta(day)), top={"Heads": pct, "T": 1.0})
        for day in range(days)
        for pct in (90.0, 80.0)
    ]
    aggregate(warehouse, land(lines).days, [])
    decisions, tests = count(warehouse, "raw.decisions"), count(warehouse, "raw.tests")
    assert decisions == days
    readings, rows = [], Warehouse.rows

    def counted(self: Warehouse, sql: str, parameters: Any = None) -> Rows:
        readings.extend(["observed"] if "mart.value_blocks_by_day" in sql else [])
        return rows(self, sql, parameters)

    next_day = first + dt.timedelta(days)
    landing = land([line(str(next_day), top={"Heads": pct, "T": 1.0}) for pct in (90.0, 80.0)])
    monkeypatch.setattr(Warehouse, "rows", counted)
    aggregate(warehouse, landing.days, [])
    assert count(warehouse, "raw.decisions") == decisions + 1
    of_day = warehouse.rows("select distinct input_hash from raw.tests where day = $day", {"day": next_day})
    assert len(of_day) == 2
    assert count(warehouse, "raw.tests") < tests + 30
    assert len(readings) <= 4


def test_samples_that_are_added_to_a_day_decide_it_anew(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """The latest decision counts; comparisons of what did not change are kept."""
    aggregate(warehouse, land([one for day in (1, 2, 3) for one in samples(line, day, 90.0, 80.0)]).days, [])
    before = drift_rows(warehouse)
    aggregate(warehouse, land(samples(line, 2, 70.0)).days, [])
    after = drift_rows(warehouse)
    assert len(after) == 3
    assert after[0] == before[0]
    assert after[1]["jaccard"] == pytest.approx(2 / 3)
    assert after[2]["jaccard"] == pytest.approx(2 / 3)


def test_the_last_request_of_a_day_is_the_one_compared(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """An edited request is ours; the days before it are not compared with those after."""
    edited = {"model": "gpt-4o", "messages": [], "seed": 1, "logprobs": True, "top_logprobs": 2}
    lines = [
        *(one for day in (1, 2, 3) for one in samples(line, day, 90.0, 80.0)),
        *samples(line, 3, 40.0, request=edited),
        *(one for day in (4, 5) for one in samples(line, day, 40.0, request=edited)),
    ]
    aggregate(warehouse, land(lines).days, [])
    rows = drift_rows(warehouse)
    assert [row["reason"] for row in rows] == [None, None, "request changed", None, None]
    assert [row["baseline_days"] for row in rows] == [0, 1, 0, 1, 1]
    assert rows[2]["previous_day"] == dt.date(2026, 3, 2)
    assert rows[2]["wasserstein_pp"] is None
    assert len({row["request_id"] for row in rows}) == 2


def test_another_followed_token_is_ours_and_never_mixed(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """Under the same request: no alarm, and no figure of both, whether it is edited between days or within one.

    What came day by day is what a rebuild says.
    """

    def day(number: int, token: str) -> Rows:
        lists = [{"Heads": heads, "T": 100 - heads} for heads in (90.0, 80.0) * 10]
        return [line(f"2026-03-{number:02}", top=top, follow=token, text=token) for top in lists]

    parts = [day(1, "Heads"), day(2, "Heads"), day(3, "Heads") + day(3, "T"), day(4, "T"), day(5, "T")]
    for part in parts:
        aggregate(warehouse, land(part).days, [])
    rows = drift_rows(warehouse)
    assert [(row["reason"], row["is_alarm"]) for row in rows] == [
        (None, False),
        (None, False),
        ("request changed", False),
        (None, False),
        (None, False),
    ]
    assert [row["baseline_days"] for row in rows] == [0, 1, 0, 1, 1]
    assert len({row["request_id"] for row in rows}) == 1
    assert rows[2]["wasserstein_pp"] is None
    figures = "select {} as n from mart.spread_overall"
    assert warehouse.column(figures.format("[samples, observed, max_pct]")) == [[60, 60, pytest.approx(20)]]
    select = "select [samples, observed, max_pct] as n from mart.spread_by_day order by day"
    by_day = warehouse.column(select)
    assert [of_day[2] for of_day in by_day] == pytest.approx([90, 90, 20, 20, 20])
    assert {tuple(of_day[:2]) for of_day in by_day} == {(20, 20)}
    assert warehouse.column("select follow from mart.series") == ["T"]
    assert warehouse.column("select sum(n)::bigint as n from mart.value_counts_by_day") == [100]
    assert warehouse.column("select observed from mart.agreement_by_day") == [20] * 5
    rebuild(warehouse, [])
    assert (drift_rows(warehouse), warehouse.column(select)) == (rows, by_day)


def test_a_day_of_failures_has_a_row_that_says_nothing(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """The next day is compared with the one before it."""
    failed = [line("2026-03-02", status=500, response=None) for _ in range(3)]
    aggregate(warehouse, land([*samples(line, 1, 90.0), *failed, *samples(line, 3, 90.0)]).days, [])
    rows = drift_rows(warehouse)
    assert (rows[1]["previous_day"], rows[1]["p_value"], rows[1]["is_alarm"]) == (None, None, False)
    assert rows[2]["previous_day"] == dt.date(2026, 3, 1)


def test_fingerprints_that_come_and_go_are_alarms(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """Under the same values; by the series' own lifetimes."""
    lines = [one for day in range(1, 5) for one in samples(line, day, 90.0, 80.0, fingerprint="fp_a")]
    lines += [one for day in range(5, 8) for one in samples(line, day, 90.0, 80.0, fingerprint="fp_b")]
    aggregate(warehouse, land(lines).days, [])
    reason = "fingerprint born: fp_b, fingerprint gone: fp_a"
    assert warehouse.rows(ALARMS) == [{"prompt": "flip", "day": "2026-03-05", "reason": reason}]


def test_completions_alone_are_compared(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """An endpoint without log-probabilities."""
    request = {"model": "gpt-4o", "messages": []}
    lines = [
        line(f"2026-03-{day:02}", top={}, text=text, request=request)
        for day in range(1, 9)
        for text in (["Heads"] * 20 if day < 6 else ["Tails"] * 20)
    ]
    aggregate(warehouse, land(lines).days, [])
    assert warehouse.rows(ALARMS) == [{"prompt": "flip", "day": "2026-03-06", "reason": "answers"}]
    row = drift_rows(warehouse)[5]
    assert (row["jaccard"], row["js_bits"], row["total_variation"]) == (0, 1, 1)
    assert (row["ks"], row["wasserstein_pp"], row["lt_nat"]) == (None, None, None)


def test_comparisons_that_are_made_again_are_equal(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """To the last digit, as they are kept; and kept ones lead to the decisions that new ones led to."""
    aggregate(warehouse, land([one for day in (1, 2, 3, 4) for one in samples(line, day, 90.0, 80.0 + day)]).days, [])
    kept = "select input_hash, test, statistic, p_value, permutations from raw.tests where day is not null order by all"
    latest = "qualify row_number() over (partition by day order by decided_at desc) = 1 order by day"
    made = f"select * exclude (decided_at) from raw.decisions {latest}"
    tests, decisions = warehouse.rows(kept), warehouse.rows(made)
    drift.run(warehouse, [dt.date(2026, 3, 1)])
    assert (warehouse.rows(kept), warehouse.rows(made)) == (tests, decisions)
    warehouse.execute("delete from raw.tests")
    drift.run(warehouse, [dt.date(2026, 3, 1)], again=True)
    assert (warehouse.rows(kept), warehouse.rows(made)) == (tests, decisions)


def test_tables_are_tested_once(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """Also where a day has a new fingerprint or a new lowest cluster: other days' tables are as they were."""

    def both(day: int) -> Rows:
        return samples(line, day, 90.0, 80.0, fingerprint="fp_m") + samples(line, day, 90.0, 80.0, fingerprint="fp_n")

    tested = "select day::varchar as day from raw.tests where test = 'association' order by day"
    aggregate(warehouse, land(both(1) + both(2)).days, [])
    assert [row["day"] for row in warehouse.rows(tested)] == ["2026-03-01", "2026-03-02"]
    aggregate(warehouse, land(both(3) + samples(line, 3, 10.0, fingerprint="fp_a")).days, [])
    assert [row["day"] for row in warehouse.rows(tested)] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    association.run(warehouse, again=True)
    assert len(warehouse.rows(tested)) == 6


def test_effects_are_asked_of_what_counts_now(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """Where a run is withheld and counts again, the figures are those of before."""
    lines = [
        line(
            f"2026-03-{day:02}",
            top={"Heads": 80.0 + hour},
            requested_at=f"2026-03-{day:02}T{hour:02}:00:00Z",
            run_id="r",
        )
        for day in range(1, 9)
        for hour in range(4)
    ]
    landing = land(lines)
    aggregate(warehouse, landing.days, [])
    select = "select explained_share, p_value, days from mart.time_effects_overall where effect = 'hour'"
    whole = warehouse.rows(select)
    assert whole[0]["explained_share"] == pytest.approx(1)
    extra = land([line("2026-03-09", top={"Heads": 80.0}, run_id="other")])
    aggregate(warehouse, extra.days, [])
    assert warehouse.rows(select) != whole
    asked = count(warehouse, "raw.tests")
    effects.run(warehouse)
    assert count(warehouse, "raw.tests") == asked
    judge_as_broken(warehouse, "other")
    aggregate(warehouse, [], [])
    assert warehouse.rows(select) == whole


def judge_as_broken(warehouse: Warehouse, run_id: str) -> None:
    """A critical judgement, later than all others."""
    warehouse.execute(
        "insert into raw.expectations by name select $run_id as run_id, 'x' as expectation, 'critical' as severity, "
        "true as applicable, false as success, 1 as unexpected_count, timestamptz '2030-01-01 00:00:00+00' as judged_at",
        {"run_id": run_id},
    )
