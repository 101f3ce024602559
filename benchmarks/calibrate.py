"""`make calibrate`: how often the alarm is false, and how often it sees a change, by simulation of its decisions.

Prints the tables of docs/statistics.md. Each study has three series, decided as they are in production, from samples that
are drawn here instead of received.
"""

import datetime as dt
import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tasks.core.change import BLOCKS, Blocks, Observed
from tasks.core.deciding import Deciding, ShownDay
from tasks.core.dependence import Repeats
from tasks.core.drift import Decision
from tasks.core.plan import Asked, SeriesKey
from tasks.core.statistics import wilson_interval
from tasks.settings import PROJECT

Samples = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Samples]
"""A generator and a number, to so many log-probabilities in the order of time."""

SERIES = [SeriesKey("study", "endpoint", "model", "arm", f"prompt-{number}") for number in range(3)]
FIRST = dt.date(2026, 1, 1)
SIZES = (10, 50, 250)
STUDY_YEARS, DAYS = 5, 365
CHANGES = 100

FIGURES = json.loads((PROJECT / "simulator" / "figures" / "gpt-4o.json").read_text("utf-8"))["regimes"][0]
PCT = np.array([value["probability_pct"] for value in FIGURES])
SHARES = np.array([sum(value["fingerprints"].values()) for value in FIGURES], dtype=float)
SHARES /= SHARES.sum()
VALUES = np.log(PCT / 100)


def independent(rng: np.random.Generator, n: int, shares: Samples = SHARES, values: Samples = VALUES) -> Samples:
    """gpt-4o's published values, each drawn anew."""
    return rng.choice(values, n, p=shares)


def kept(rng: np.random.Generator, n: int) -> Samples:
    """The same, but every call repeats the value before with a chance of one half."""
    drawn = independent(rng, n)
    last_new = np.maximum.accumulate(np.where(rng.random(n) < 0.5, np.arange(n), 0))
    return drawn[last_new]


def by_day(rng: np.random.Generator, n: int) -> Samples:
    """The same, but every day has shares of its own: their standard deviation is a seventh of what one call's is."""
    shares = rng.dirichlet(50 * SHARES)
    return independent(rng, n, shares / shares.sum())


def never_equal(rng: np.random.Generator, n: int) -> Samples:
    """No two values are equal: a normal distribution of the log-probability."""
    return rng.normal(-0.5, 0.05, n)


def mixed(share: float, rng: np.random.Generator, n: int) -> Samples:
    """So many of the calls get gpt-4o's lowest value, whatever they had: a shift of the same values."""
    return np.where(rng.random(n) < share, VALUES.min(), independent(rng, n))


def moved(share: float, rng: np.random.Generator, n: int) -> Samples:
    """So many of the calls get a value that none had, a millionth of a nat from theirs: the mean stays."""
    drawn = independent(rng, n)
    return np.where(rng.random(n) < share, drawn + rng.choice([-1e-6, 1e-6], n), drawn)


def replaced(rng: np.random.Generator, n: int) -> Samples:
    """Another model: the values of gpt-4o, each half as likely."""
    return independent(rng, n) - np.log(2)


QUIET: dict[str, Draw] = {
    "independent calls": independent,
    "values kept for two calls": kept,
    "shares of a day's own": by_day,
    "never two equal values": never_equal,
}
CHANGED: dict[str, Draw] = {
    "5% of calls move to the lowest value": partial(mixed, 0.05),
    "20% of calls move to the lowest value": partial(mixed, 0.2),
    "10% of calls get new values, the mean stays": partial(moved, 0.1),
    "50% of calls get new values, the mean stays": partial(moved, 0.5),
    "another model": replaced,
}


def main() -> None:
    """Simulate, and print the tables."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        _say(_table(f"alarms a year, of {STUDY_YEARS} years without a change", QUIET, partial(_false_alarms, pool)))
        for quiet_days in (5, 15):
            title = f"of {CHANGES} changes seen on the day, after {quiet_days} quiet days"
            _say(_table(title, CHANGED, partial(_power, pool, quiet_days)))


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


def _table(title: str, kinds: dict[str, Draw], cell: Callable[[Draw, int], str]) -> Iterable[str]:
    yield f"\n| {title} | " + " | ".join(f"{size} a day" for size in SIZES) + " |"
    yield "|---|" + "---|" * len(SIZES)
    for name, draw in kinds.items():
        yield f"| {name} | " + " | ".join(cell(draw, size) for size in SIZES) + " |"


def _false_alarms(pool: ProcessPoolExecutor, draw: Draw, size: int) -> str:
    days = list(pool.map(partial(false_alarms, draw, size), range(STUDY_YEARS)))
    return f"{np.mean(days):.2f}"


def _power(pool: ProcessPoolExecutor, quiet_days: int, draw: Draw, size: int) -> str:
    seen = sum(pool.map(partial(is_seen, draw, size, quiet_days), range(CHANGES), chunksize=10))
    low, high = wilson_interval(seen, CHANGES)
    return f"{seen / CHANGES:.0%} ({low:.0%} to {high:.0%})"


def false_alarms(draw: Draw, size: int, seed: int) -> int:
    """Days with an alarm in one year of a study whose series do not change."""
    rng = np.random.default_rng(seed)
    decided = _decided([[draw(rng, size) for _ in SERIES] for _ in range(DAYS)])
    return len({decision.day for decision in decided if decision.is_alarm})


def is_seen(draw: Draw, size: int, quiet_days: int, seed: int) -> bool:
    """Whether the first series' change after so many quiet days is an alarm on that day; the others do not change."""
    rng = np.random.default_rng(seed)
    days = [[independent(rng, size) for _ in SERIES] for _ in range(quiet_days)]
    last = _decided([*days, [draw(rng, size), *(independent(rng, size) for _ in SERIES[1:])]])[-len(SERIES) :]
    return any(decision.is_alarm and decision.key == SERIES[0] for decision in last)


def _decided(days: list[list[Samples]]) -> list[Decision]:
    shown = {
        (key, FIRST + dt.timedelta(days=number)): _shown(samples, f"{number}/{key.prompt}")
        for number, of_day in enumerate(days)
        for key, samples in zip(SERIES, of_day, strict=True)
    }
    deciding = Deciding(lambda key, day: shown[key, day])
    asked = dict.fromkeys(SERIES, Asked("request"))
    return [one for number in range(len(days)) for one in deciding.day(FIRST + dt.timedelta(days=number), asked)]


def _shown(samples: Samples, name: str) -> ShownDay:
    """A day's samples as the marts would have them."""
    n = len(samples)
    counts = np.unique(samples, return_counts=True)[1]
    pairs = n - 1
    repeats = Repeats(
        pairs, int((samples[1:] == samples[:-1]).sum()), pairs * float((counts * (counts - 1)).sum()) / (n * pairs)
    )
    blocks = Blocks(np.arange(n) * BLOCKS // n, samples, np.ones(n))
    content = f"{name}/{samples.tobytes().hex()}"
    return ShownDay(content, Observed(blocks, repeats, {}, None), {}, (), None)


if __name__ == "__main__":
    main()
