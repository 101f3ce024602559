"""What comes after the last response, of 10,000 samples in a fresh process: land, check, aggregate, render.

Once in an empty warehouse, once with five million older samples. Floor: a process that only imports what those stages
import, but for Great Expectations, which another process imports at the same time.
"""

import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.lines import spool, spool_file
from tasks.aggregate import rebuild
from tasks.land import land_run
from tasks.settings import PROJECT, Settings
from tasks.warehouse import Warehouse

SAMPLES, OLDER_DAYS, AT_ONCE, ROUNDS = 10_000, 500, 25, 3
LAST_DAY = dt.date(2026, 10, 1)
# As `flipbook import` does it. A flow's judge gets ready earlier still, while it samples.
STAGES = """
from tasks.judging import judge_ready
with judge_ready():
    from flows.landing import land_spools
    from tasks.settings import Settings
    land_spools(Settings())
"""
IMPORTS = "import flows.landing, altair, vl_convert"
EARLIER = """
insert into {table} by name
select * exclude (back) replace ({changes})
from {table}, (select unnest(range($first, $last)) as back)
where day = $day
"""
CHANGES = {
    "raw.calls": """
        left(md5(sample_id || back), 24) as sample_id, run_id || '-' || back as run_id,
        (day - back::integer)::date as day, requested_at - to_days(back::integer) as requested_at
    """,
    "raw.bodies": "(day - back::integer)::date as day",
    "stg.bodies": "(day - back::integer)::date as day",
}


def main() -> bool:
    """Measure; return whether all is met."""
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / "empty", Path(name) / "older"]
        _fill(folders[1])
        # In turn, and the best of each, so that what else the machine does meets both alike.
        rounds = [[_seconds(folder, number) for folder in folders] for number in range(1, ROUNDS + 1)]
    empty, full = (min(taken) for taken in zip(*rounds, strict=True))
    floor = min(_timed(IMPORTS, {}) for _ in range(ROUNDS))
    name = f"after the last of {SAMPLES:,} responses, imports included"
    met = [
        Figure(name, empty, "s", floor, "at most 5", empty <= 5).say(),
        Figure(
            "the same with 5,000,000 older samples", full, "s", empty, "at most 1.2 times", full <= 1.2 * empty
        ).say(),
    ]
    return all(met)


def _fill(folder: Path) -> None:
    """One day lands, and is multiplied."""
    folder.mkdir()
    settings = _settings(folder)
    run, file = spool_file(folder, SAMPLES, LAST_DAY)
    with Warehouse.open(settings) as warehouse:
        land_run(warehouse, run, [file], run.ended_at)
    for first in range(1, OLDER_DAYS, AT_ONCE):
        with Warehouse.open(settings) as warehouse:
            for table, changes in CHANGES.items():
                parameters = {"first": first, "last": min(first + AT_ONCE, OLDER_DAYS), "day": LAST_DAY}
                warehouse.execute(EARLIER.format(table=table, changes=changes), parameters)
    with Warehouse.open(settings) as warehouse:
        rebuild(warehouse, [])
    file.unlink()


def _seconds(folder: Path, number: int) -> float:
    """What a new day takes in this warehouse."""
    root = folder / f"spool-{number}"
    root.mkdir(parents=True)
    spool(root, SAMPLES, LAST_DAY + dt.timedelta(days=number))
    settings = _settings(folder)
    environment = {
        "FLIPBOOK_WAREHOUSE": settings.warehouse,
        "FLIPBOOK_SITE": str(settings.site),
        "FLIPBOOK_SPOOL": str(root),
    }
    return _timed(STAGES, environment)


def _settings(folder: Path) -> Settings:
    return Settings(warehouse=str(folder / "bench.duckdb"), site=folder / "site")


def _timed(code: str, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=os.environ | environment, check=True)
    return time.perf_counter() - start
