"""How far two sides of one request lie apart: days, models, arms. Each figure is defined in docs/statistics.md."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

Array = NDArray[np.float64]
Counts = Mapping[Any, int]
"""How often each value (a log-probability in nat) or each completion was seen."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Counts of the same K values on two sides, each with at least one sample.

    `axis`: shape (K,), where each value stands, ascending: probabilities in percent. `first`, `second`: shape (K,).
    """

    axis: Array
    first: Array
    second: Array

    @property
    def shares(self) -> tuple[Array, Array]:
        """Both sides' shares, each summing to 1."""
        return self.first / self.first.sum(), self.second / self.second.sum()


def sides_of_answers(first: Counts, second: Counts) -> Sides:
    """The sides of two counts by completion, which have no order: their axis says nothing.

    Raises ValueError where a side has no sample.
    """
    if not sum(first.values()) or not sum(second.values()):
        raise ValueError("a distance needs at least one sample on either side")
    answers = sorted(first.keys() | second.keys())
    counts = [np.array([side.get(answer, 0) for answer in answers], dtype=float) for side in (first, second)]
    return Sides(np.arange(len(answers), dtype=float), *counts)


def jaccard(sides: Sides) -> float:
    """Values that both sides have, of those that either has: 1 means the same support."""
    both = (sides.first > 0) & (sides.second > 0)
    either = (sides.first > 0) | (sides.second > 0)
    return float(both.sum() / either.sum())


def js_bits(sides: Sides) -> float:
    """The Jensen-Shannon divergence of the exact-value distributions, in bits, 0 to 1 (Lin, 1991)."""
    first, second = sides.shares
    middle = (first + second) / 2
    return float((rel_entr(first, middle).sum() + rel_entr(second, middle).sum()) / (2 * math.log(2)))


def ks(sides: Sides) -> float:
    """The largest absolute difference of the two distribution functions."""
    return float(np.abs(_steps(*sides.shares)).max())


def wasserstein_pp(sides: Sides) -> float:
    """The area between the two distribution functions, in percentage points."""
    return float(area_between(*sides.shares, sides.axis))


def total_variation(sides: Sides) -> float:
    """Half the sum of the absolute differences of shares, 0 to 1."""
    return float(variation(*sides.shares))


def unshared(sides: Sides) -> float:
    """The mass of each side on what the other lacks, added up: 0 with the same support, 2 with none in common."""
    return float(unshared_mass(*sides.shares))


def area_between(first: Array, second: Array, axis: Array) -> Array:
    """The area between the distribution functions of shares, shape (..., K) each, over an axis of shape (K,)."""
    return np.abs(_steps(first, second)[..., :-1]) @ np.diff(axis)


def variation(first: Array, second: Array) -> Array:
    """The total variation between shares of shape (..., K)."""
    return np.asarray(np.abs(first - second).sum(axis=-1) / 2)


def unshared_mass(first: Array, second: Array) -> Array:
    """`unshared`, of shares of shape (..., K)."""
    return np.asarray((first * (second <= 0)).sum(axis=-1) + (second * (first <= 0)).sum(axis=-1))


def _steps(first: Array, second: Array) -> Array:
    return np.cumsum(first - second, axis=-1)


@dataclass(frozen=True, slots=True)
class TokenMeans:
    """The mean log-probability of each token over some lists, in nat, and the mean of the lists' minima."""

    means: Mapping[str, float]
    minimum: float
    n: int


def pooled(days: list[TokenMeans]) -> TokenMeans:
    """Several days together, each weighing as its samples. Raises ZeroDivisionError for none."""
    n = sum(day.n for day in days)
    tokens = set().union(*(day.means for day in days))
    means = {token: sum(day.n * day.means.get(token, day.minimum) for day in days) / n for token in tokens}
    return TokenMeans(means, sum(day.n * day.minimum for day in days) / n, n)


def lt_nat(first: TokenMeans, second: TokenMeans) -> float | None:
    """The mean over tokens of the absolute difference between their mean log-probabilities; None without tokens.

    A token that a list lacks takes that list's minimum (Chauvin et al., 2025, "Log probability tracking of LLM APIs").
    """
    tokens = sorted(first.means.keys() | second.means.keys())
    apart = [abs(first.means.get(token, first.minimum) - second.means.get(token, second.minimum)) for token in tokens]
    return math.fsum(apart) / len(apart) if apart else None
