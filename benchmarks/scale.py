"""What docs/scale.md rests on: `python -m benchmarks.scale`. Several processes sampling at once, what a call costs the
processor, and what landing and keeping a sample takes. Processor time hardly depends on what else the machine does.
"""

import asyncio
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.lines import spool_file
from benchmarks.sampling import PROJECT, stage, stub
from tasks.land import land_run
from tasks.retention import Archived, archive
from tasks.settings import Settings
from tasks.warehouse import Warehouse

LATENCY_MS, AT_ONCE, CALLS = 300, 256, 256 * 16
PROCESSES = (1, 2, 4)
SAMPLES = 200_000
DAY = dt.date(2026, 10, 1)


def main() -> None:
    """Measure, and print one JSON line a figure."""
    for processes in PROCESSES:
        _say(**_sampling(processes))
    _say(**_landing())


def _sampling(processes: int) -> dict[str, float]:
    """So many processes against one endpoint."""
    with stub(LATENCY_MS) as base_url:
        command = [sys.executable, "-m", "benchmarks.scale", base_url]
        running = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
        parts = [json.loads(process.communicate()[0]) for process in running]
    seconds = max(part["ended"] for part in parts) - min(part["began"] for part in parts)
    return {
        "sampling processes": processes,
        "calls/s together": processes * CALLS / seconds,
        "calls/s at most, by latency": processes * AT_ONCE / (LATENCY_MS / 1000),
        "processor ms a call": 1000 * sum(part["cpu_s"] for part in parts) / (processes * CALLS),
    }


def _sample(base_url: str) -> None:
    """One of those processes."""
    # The first calls bring imports and connections.
    asyncio.run(stage(base_url, AT_ONCE, AT_ONCE))
    began, cpu_s = time.time(), time.process_time()
    asyncio.run(stage(base_url, CALLS, AT_ONCE))
    print(json.dumps({"began": began, "ended": time.time(), "cpu_s": time.process_time() - cpu_s}))


def _landing() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(warehouse=f"{folder}/scale.duckdb")
        run, file = spool_file(Path(folder), SAMPLES, DAY)
        began, cpu_s = time.perf_counter(), time.process_time()
        with Warehouse.open(settings) as warehouse:
            land_run(warehouse, run, [file], dt.datetime.now(dt.UTC))
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu_s
        spooled, kept = file.stat().st_size, settings.warehouse_file.stat().st_size
        days: list[Archived] = []
        archive(settings, DAY + dt.timedelta(days=1), Path(folder) / "archive", dt.datetime.now(dt.UTC), days.append)
    return {
        "samples landed": SAMPLES,
        "samples/s": SAMPLES / seconds,
        "processor ms a sample": 1000 * cpu_s / SAMPLES,
        "spool bytes a sample": spooled / SAMPLES,
        "warehouse bytes a sample": kept / SAMPLES,
        "archived bytes a sample": days[0].file_bytes / SAMPLES,
    }


def _say(**figures: float) -> None:
    print(json.dumps({name: round(figure, 3) for name, figure in figures.items()}), flush=True)


if __name__ == "__main__":
    _sample(sys.argv[1]) if len(sys.argv) > 1 else main()
