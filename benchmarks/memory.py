"""The memory of everything after the last response: of 1,000,000 samples against 10,000, each in a fresh process."""

import datetime as dt
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.lines import spool
from benchmarks.stages import STAGES
from tasks.settings import PROJECT

SMALL, LARGE = 10_000, 1_000_000
DAY = dt.date(2026, 10, 1)
PEAK = f"import resource\n{STAGES}\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def main() -> bool:
    """Measure; return whether all is met."""
    small, large = _peak_mb(SMALL), _peak_mb(LARGE)
    name = f"peak memory from landing to pages, {LARGE:,} samples against {SMALL:,}"
    return Figure(name, large, "MB", small, "at most 2.5 times", large <= 2.5 * small).say()


def _peak_mb(samples: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "spool"
        root.mkdir()
        spool(root, samples, DAY)
        environment = os.environ | {
            "FLIPBOOK_WAREHOUSE": f"{folder}/bench.duckdb",
            "FLIPBOOK_SITE": f"{folder}/site",
            "FLIPBOOK_SPOOL": str(root),
        }
        command = [sys.executable, "-c", PEAK]
        done = subprocess.run(command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.split()[-1]) / (1024 if sys.platform == "linux" else 1024**2)
