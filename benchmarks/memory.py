"""The memory of everything after the last response: of 1,000,000 samples against 10,000, each in a fresh process.

The peaks of that process and of the one that judges are added up, which is at least what both hold at any moment.
"""

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
PEAK = f"""
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
{STAGES}
print(getrusage(RUSAGE_SELF).ru_maxrss, getrusage(RUSAGE_CHILDREN).ru_maxrss)
"""


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
    return sum(map(int, done.stdout.split()[-2:])) / (1024 if sys.platform == "linux" else 1024**2)
