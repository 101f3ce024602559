"""Ticks that are computed here, so that a label always says what a reader of percentages and days expects."""

import datetime as dt
import math
from dataclasses import dataclass

_NICE_ODDS = (0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 50, 70, 80, 90, 95, 98, 99, 99.5, 99.9, 99.99, 99.999)
_NICE_STEPS = (1, 2, 5, 10)
_DAY_STEPS = (1, 2, 7, 14, 28, 91, 182, 364, 728)
_ENDS = 1e-12


@dataclass(frozen=True, slots=True)
class Axis:
    """A domain with its ticks and their labels, all in the axis' own scale."""

    low: float
    high: float
    ticks: list[float]
    labels: list[str]


def log_odds(percentage: float) -> float:
    """ln(p/(1-p)) of a percentage; what is 0% or 100% to the last digit is put just inside."""
    p = min(max(percentage / 100, _ENDS), 1 - _ENDS)
    return math.log(p / (1 - p))


def odds_axis(low_pct: float, high_pct: float) -> Axis:
    """A log-odds axis labelled in percent, a little wider than its data."""
    low, high = log_odds(low_pct), log_odds(high_pct)
    margin = max((high - low) * 0.12, 1e-6) if high > low else 0.05
    low, high = low - margin, high + margin
    percentages = [p for p in _NICE_ODDS if low <= log_odds(p) <= high]
    if len(percentages) < 3:
        percentages = _even(_percent(low), _percent(high))
    digits = max((len(f"{p:.10f}".rstrip("0").partition(".")[2]) for p in percentages), default=0)
    shown = _apart([(log_odds(p), f"{p:.{digits}f}%") for p in percentages], (high - low) / 7)
    return Axis(low, high, [tick for tick, _ in shown], [label for _, label in shown])


def day_axis(first: dt.date, last: dt.date, most: int = 7) -> Axis:
    """Days as ordinals, half a day wider on either side."""
    span = (last - first).days + 1
    step = next((s for s in _DAY_STEPS if span / s <= most), _DAY_STEPS[-1])
    ordinals = range(first.toordinal(), last.toordinal() + 1, step)
    labels = [dt.date.fromordinal(o).isoformat() for o in ordinals]
    return Axis(first.toordinal() - 0.6, last.toordinal() + 0.6, [float(o) for o in ordinals], labels)


def _percent(odds: float) -> float:
    return 100 / (1 + math.exp(-odds))


def _even(low: float, high: float) -> list[float]:
    """Three or four round percentages between two."""
    size = 10 ** math.floor(math.log10((high - low) / 3))
    step = next(size * nice for nice in _NICE_STEPS if (high - low) / (size * nice) <= 5)
    return [round(k * step, 10) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _apart(ticks: list[tuple[float, str]], distance: float) -> list[tuple[float, str]]:
    """Ticks that leave each other room."""
    kept: list[tuple[float, str]] = []
    for tick in ticks:
        if not kept or tick[0] - kept[-1][0] >= distance:
            kept.append(tick)
    return kept
