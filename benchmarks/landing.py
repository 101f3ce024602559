"""How fast spools land, and how large the warehouse becomes. Floor: DuckDB reading the same lines and keeping nothing."""

import datetime as dt
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.lines import spool_file
from tasks.core.runs import Run
from tasks.land import land_run
from tasks.settings import Settings
from tasks.warehouse import Warehouse

LARGE, SMALL, DAYS, LARGEST, ROUNDS = 200_000, 10_000, 30, 300_000, 3
FIRST_DAY = dt.date(2026, 10, 1)
READ = """
select count(*), sum(length(response)), sum(length(headers))
from read_json($files, format = 'newline_delimited', columns = {response: 'varchar', headers: 'varchar'})
"""


def main() -> bool:
    """Measure; return whether all is met."""
    met = [_large(LARGE, 45_000, None), _large(LARGEST, None, 170), _daily()]
    return all(met)


def _large(samples: int, must_per_s: int | None, must_bytes: int | None) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        run, file = spool_file(Path(folder), samples, FIRST_DAY)
        rounds = [Settings(warehouse=f"{folder}/bench-{number}.duckdb") for number in range(ROUNDS)]
        # The best of some, because other work can only slow it down: the file has just been written, for one.
        taken_s = min(_landed(settings, run, file) for settings in rounds)
        floor_s = min(_read(settings, file) for settings in rounds)
        settings = rounds[0]
        size = settings.warehouse_file.stat().st_size / samples
    if must_per_s:
        name = f"landing {samples:,} samples at once"
        speed = samples / taken_s
        return Figure(
            name, speed, "samples/s", samples / floor_s, f"at least {must_per_s:,}", speed >= must_per_s
        ).say()
    name = f"warehouse size after one landing of {samples:,}"
    return Figure(name, size, "B/sample", None, f"at most {must_bytes}", size <= (must_bytes or 0)).say()


def _daily() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(warehouse=f"{folder}/bench.duckdb")
        taken, floor = [], []
        for number in range(DAYS):
            run, file = spool_file(Path(folder), SMALL, FIRST_DAY + dt.timedelta(days=number))
            taken.append(_landed(settings, run, file))
            floor.append(_read(settings, file))
            file.unlink()
        size = settings.warehouse_file.stat().st_size / (SMALL * DAYS)
    speed, last = SMALL * DAYS / sum(taken), sum(taken[-5:]) / sum(taken[:5])
    met = [
        Figure(
            f"landing {SMALL:,} samples a day, the mean of {DAYS} days",
            speed,
            "samples/s",
            SMALL * DAYS / sum(floor),
            "at least 25,000",
            speed >= 25_000,
        ).say(),
        Figure(
            "the last five of those days against the first five", last, "ratio", None, "at most 1.5", last <= 1.5
        ).say(),
        Figure(
            f"warehouse size after {DAYS} daily landings of {SMALL:,}",
            size,
            "B/sample",
            None,
            "at most 250",
            size <= 250,
        ).say(),
    ]
    return all(met)


def _landed(settings: Settings, run: Run, file: Path) -> float:
    start = time.perf_counter()
    with Warehouse.open(settings) as warehouse:
        land_run(warehouse, run, [file], dt.datetime.now(dt.UTC))
    return time.perf_counter() - start


def _read(settings: Settings, file: Path) -> float:
    with Warehouse.open(settings, read_only=True) as warehouse:
        start = time.perf_counter()
        warehouse.rows(READ, {"files": [str(file)]})
        return time.perf_counter() - start
