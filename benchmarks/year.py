"""A year of ten series: 10,000 samples and about 60 values a day each, as counts. What is right of the counts is made again.

Floor of the marts: reading the counts and the lists once.
"""

import datetime as dt
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figures import Figure
from tasks.aggregate import declare, make_in_chunks, run_tests
from tasks.core.canonical import digest
from tasks.core.expectations import RUN_EXPECTATIONS, SERIES_EXPECTATIONS
from tasks.render import get_ready, render_site
from tasks.settings import Settings
from tasks.sql_files import models_after_tests, models_before_tests
from tasks.warehouse import Warehouse

SERIES, DAYS, VALUES, SAMPLES, BLOCKS, TOKENS = 10, 365, 60, 10_000, 20, 20
FIRST = dt.date(2025, 10, 1)
REQUEST = '{"model":"m","messages":[{"role":"user","content":"x"}],"logprobs":true,"top_logprobs":20}'
REQUEST_ID = digest(REQUEST)


def main() -> bool:
    """Measure; return whether all is met."""
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(warehouse=f"{name}/year.duckdb", site=Path(name) / "site")
        with Warehouse.open(settings) as warehouse:
            _fill(warehouse)
            days = [FIRST + dt.timedelta(days=back) for back in range(DAYS)]
            floor = _timed(lambda: _read(warehouse))
            before = [model for model in models_before_tests() if not model.reads_samples]
            after = models_after_tests()
            sql = _timed(lambda: [make_in_chunks(warehouse, model, days) for model in before])
            tests = _timed(lambda: run_tests(warehouse, set(days)))
            sql += _timed(lambda: [make_in_chunks(warehouse, model, days) for model in after])
            again = _timed(lambda: run_tests(warehouse, set(days)))
            day = _timed(lambda: run_tests(warehouse, {days[-1]}))
        with Warehouse.open(settings, read_only=True) as warehouse:
            pages: list[Path] = []
            # As a run does while it waits for what is judged.
            get_ready()
            page = _timed(lambda: pages.extend(render_site(warehouse.report, settings.site, None, [])))
        size = max(path.stat().st_size for path in pages) / 1e6
    met = [
        Figure("marts of a year that are SQL alone", sql, "s", floor, "at most 10", sql <= 10).say(),
        Figure("tests of a year", tests, "s", None, "at most 120", tests <= 120).say(),
        Figure("tests of a year that were made before", again, "s", tests, "at most a fifth", again <= tests / 5).say(),
        Figure("tests of the year's last day", day, "s", None, "at most 2", day <= 2).say(),
        Figure("index and study page of a year", page, "s", None, "at most 3", page <= 3).say(),
        Figure("the larger of the two pages", size, "MB", None, "less than 1", size < 1).say(),
    ]
    return all(met)


def _fill(warehouse: Warehouse) -> None:
    """A year of counts, as its samples would have left them: every series has its values, its lists and two fingerprints."""
    declare(warehouse, [], [])
    for model in models_before_tests():
        warehouse.make_model(model, [])
    warehouse.execute("insert into raw.requests values ($id, $request)", {"id": REQUEST_ID, "request": REQUEST})
    _insert(warehouse, _runs())
    rng = np.random.default_rng(1)
    for series in range(SERIES):
        _insert(warehouse, _series(rng, f"model-{series}"))


def _insert(warehouse: Warehouse, frames: dict[str, pd.DataFrame]) -> None:
    for table, frame in frames.items():
        warehouse.connection.register("frame", frame)
        warehouse.execute(f"insert into {table} by name select * from frame")


def _runs() -> dict[str, pd.DataFrame]:
    """A run a day, judged."""
    day = _days(np.arange(DAYS))
    at = pd.to_datetime(day, utc=True) + pd.Timedelta(hours=6)
    run = pd.DataFrame({"run_id": [f"run-{number}" for number in range(DAYS)], "day": day})
    samples = SERIES * SAMPLES
    ended = {"started_at": at, "ended_at": at, "landed_at": at}
    judged = [expectation.name for expectation in (*RUN_EXPECTATIONS, *SERIES_EXPECTATIONS)]
    return {
        "raw.runs": run.assign(kind="run", study="year", state="complete", planned=samples, attempted=samples, **ended),
        "mart.runs_by_day": run.assign(samples=samples, failures=0, is_simulated=True),
        "raw.expectations": run.drop(columns="day")
        .merge(pd.DataFrame({"expectation": judged}), how="cross")
        .assign(
            severity="warning",
            applicable=True,
            success=True,
            observed="as expected",
            unexpected_count=0,
            judged_at=at[0],
        ),
    }


def _series(rng: np.random.Generator, model: str) -> dict[str, pd.DataFrame]:
    """The rows of one series, by table."""
    logprobs = np.sort(np.round(np.log(rng.uniform(0.85, 0.99, VALUES)), 9))
    chances = rng.dirichlet(np.full(VALUES, 0.3)) * 0.97 + 0.03 / VALUES
    counts = rng.multinomial(SAMPLES // BLOCKS, chances, size=(DAYS, BLOCKS))
    ids = np.array([digest(f"{model}/{value}") for value in range(VALUES)])
    key = {"study": "year", "endpoint": "simulator", "model": model, "arm": "default", "prompt": "x"}
    day, block, value = np.nonzero(counts)
    blocks = pd.DataFrame(
        {"day": _days(day), "block": block + 1, "logprob": logprobs[value], "n": counts[day, block, value]}
    )
    of_day = counts.sum(axis=1)
    first = rng.binomial(of_day, 0.45)
    values = pd.concat([_values(n, name, logprobs, ids) for n, name in ((first, "fp_a"), (of_day - first, "fp_b"))])
    hours = values.groupby(["day", "logprob"], as_index=False)["n"].sum().assign(hour=6)
    expected = (of_day * (of_day - 1)).sum(axis=1) / (SAMPLES * (SAMPLES - 1))
    pairs = SAMPLES - 1
    repeats = rng.binomial(pairs, expected)
    sequence = {"pairs": pairs, "repeats": repeats, "repeat_rate": repeats / pairs, "expected_rate": expected}
    every_day = _days(np.arange(DAYS))
    last_at = pd.to_datetime(every_day, utc=True) + pd.Timedelta(hours=6)
    calls = {
        "request_id": REQUEST_ID, "served_model": model, "system_fingerprint": "fp_a", "outcome": "ok", "status": 200,
        "is_simulated": True, "n": SAMPLES, "observed": SAMPLES, "attempts": SAMPLES, "timed": SAMPLES,
        "total_latency_s": 1000.0, "max_latency_s": 1.0, "without_usage": 0, "last_at": last_at,
    }  # fmt: skip
    completions = {
        "request_id": REQUEST_ID, "system_fingerprint": "fp_a", "completion_id": digest("Heads"), "text": "Heads", "characters": 5,
        "first_at": last_at, "first_repeat": 0, "tokens": 1, "n": SAMPLES,
    }  # fmt: skip
    return {
        "mart.value_blocks_by_day": blocks.assign(**key),
        "mart.value_counts_by_day": values.assign(**key, request_id=REQUEST_ID, token="Heads"),
        "mart.value_counts_by_hour": hours.assign(**key),
        "mart.sequence_by_day": pd.DataFrame({"day": every_day, **sequence}).assign(**key),
        "mart.calls_by_day": pd.DataFrame({"day": every_day, **calls}).assign(**key),
        "mart.completion_counts_by_day": pd.DataFrame({"day": every_day, **completions}).assign(**key),
        "stg.distributions": _lists(rng, logprobs, ids),
    }


def _values(counts: np.ndarray, fingerprint: str, logprobs: np.ndarray, ids: np.ndarray) -> pd.DataFrame:
    """Counts of shape (days, values) as rows."""
    day, value = np.nonzero(counts)
    return pd.DataFrame(
        {
            "day": _days(day),
            "system_fingerprint": fingerprint,
            "logprob": logprobs[value],
            "probability_pct": 100 * np.exp(logprobs[value]),
            "distribution_id": ids[value],
            "ordering_id": ids[value],
            "n": counts[day, value],
        }
    )


def _lists(rng: np.random.Generator, logprobs: np.ndarray, ids: np.ndarray) -> pd.DataFrame:
    """A top-20 list for each value, on a grid of 1/8."""
    lists = [[top, *(top - 1 - 0.125 * np.sort(rng.integers(1, 80, TOKENS - 1)))] for top in logprobs]
    tokens = ["Heads", *(f"t{number}" for number in range(1, TOKENS))]
    return pd.DataFrame(
        {
            "ordering_id": ids,
            "distribution_id": ids,
            "tokens": [tokens] * len(ids),
            "logprobs": lists,
            "list_length": TOKENS,
            "is_sorted": True,
            "probability_sum": 0.99,
        }
    )


def _days(numbers: np.ndarray) -> pd.Series:
    """Days since FIRST, as dates."""
    return pd.Series(pd.to_datetime(FIRST) + pd.to_timedelta(numbers, unit="D")).dt.date


def _timed(work: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _read(warehouse: Warehouse) -> None:
    for table in ("mart.value_counts_by_day", "mart.value_blocks_by_day", "stg.distributions"):
        warehouse.rows(f"select count(*), sum(hash(columns(*))) from {table}")
