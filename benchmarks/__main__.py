"""`make bench`, or `python -m benchmarks NAME…`: one JSON line a figure; exit code 1 where one is not met."""

import sys

from benchmarks import landing, memory, sampling, stages, year

ALL = {
    "sampling": sampling.main,
    "landing": landing.main,
    "stages": stages.main,
    "memory": memory.main,
    "year": year.main,
}

chosen = sys.argv[1:] or list(ALL)
if unknown := [name for name in chosen if name not in ALL]:
    sys.exit(f"There is no benchmark {unknown[0]!r}; there are: {', '.join(ALL)}.")
met = [ALL[name]() for name in chosen]  # Every one, also after one that is not met.
sys.exit(0 if all(met) else 1)
