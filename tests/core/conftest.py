"""Days of a series by hand, decided one after the other."""

import datetime as dt
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from tasks.core.change import Blocks, Observed
from tasks.core.deciding import Deciding, ShownDay
from tasks.core.dependence import Repeats
from tasks.core.distances import TokenMeans
from tasks.core.drift import Decision
from tasks.core.grid import GridFit
from tasks.core.plan import Asked, SeriesKey

FIRST = dt.date(2026, 3, 1)
Shown = Callable[..., ShownDay]
Decided = Callable[..., list[Decision]]


def _repeats(logprobs: Sequence[float]) -> Repeats:
    counts = np.unique(logprobs, return_counts=True)[1]
    n, pairs = len(logprobs), max(0, len(logprobs) - 1)
    repeats = sum(one == other for one, other in itertools.pairwise(logprobs))
    return Repeats(pairs, repeats, pairs * float((counts * (counts - 1)).sum()) / (n * (n - 1)) if pairs else 0.0)


@pytest.fixture
def shown() -> Shown:
    """Makes what one day showed: log-probabilities in the order of time, counts of completions, of fingerprints, a grid."""

    def make(
        logprobs: Sequence[float] = (),
        completions: Mapping[str, int] | None = None,
        fingerprints: Mapping[str | None, int] | None = None,
        grid: GridFit | None = None,
        tokens: TokenMeans | None = None,
    ) -> ShownDay:
        values = np.asarray(logprobs, dtype=float)
        blocks = Blocks(np.arange(len(values)) * 20 // max(1, len(values)), values, np.ones(len(values)))
        observed = Observed(blocks if len(values) else None, _repeats(values.tolist()), completions or {}, tokens)
        content = json.dumps([values.tolist(), completions])
        return ShownDay(content, observed, fingerprints or {}, (), grid)

    return make


@pytest.fixture
def decided() -> Decided:
    """Decides the days of a series, one a day from FIRST; None is a day without it.

    Requests are a letter a day; under its capital another token is followed.
    """

    def decide(days: Sequence[ShownDay | None], requests: str = "") -> list[Decision]:
        return [one for one in decide_several([days], requests) if one is not None]

    return decide


@pytest.fixture
def decided_together() -> Callable[..., list[Decision]]:
    """Decides the days of several series of one study."""
    return decide_several


def decide_several(several: Sequence[Sequence[ShownDay | None]], requests: str = "") -> list[Decision]:
    """The decisions in the order of days; series are called 0, 1 …"""
    shows: dict[tuple[SeriesKey, dt.date], ShownDay] = {}
    for number, days in enumerate(several):
        seen: set[str | None] = set()
        for index, day in enumerate(days):
            if day is not None:
                born = sorted(name for name in day.fingerprints if name is not None and name not in seen)
                seen |= day.fingerprints.keys()
                shows[SeriesKey("study", "e", "m", "a", str(number)), FIRST + dt.timedelta(index)] = replace(
                    day, born=born
                )
    deciding = Deciding(lambda key, day: shows[key, day])
    decisions = []
    for index in range(max(map(len, several))):
        day = FIRST + dt.timedelta(index)
        letter = requests[index] if requests else "a"
        asked = Asked(letter.lower(), "T" if letter.isupper() else "Heads")
        decisions += deciding.day(day, {key: asked for key, of in shows if of == day})
    return decisions


@pytest.fixture
def alarms() -> Callable[[Sequence[Decision]], dict[int, str | None]]:
    """The reasons of alarms, by the number of the day from 0."""
    return lambda decisions: {(one.day - FIRST).days: one.reason for one in decisions if one.is_alarm}
