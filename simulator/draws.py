"""Seeded draws that do not depend on the order in which requests arrive: each is a hash of what it is for."""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate


def hashed(*parts: object) -> int:
    """64 bits that depend on every part and on nothing else."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def uniform(*parts: object) -> float:
    """A number in [0, 1) that depends on every part and on nothing else."""
    return (hashed(*parts) >> 11) * 2.0**-53


def weighted_index(cumulative: Sequence[float], draw: float) -> int:
    """Which of the weights that add up to `cumulative` a uniform `draw` in [0, 1) falls on."""
    return bisect_right(cumulative, draw * cumulative[-1], hi=len(cumulative) - 1)


def cumulated(weights: Sequence[float]) -> tuple[float, ...]:
    """The running sums that `weighted_index` takes."""
    return tuple(accumulate(weights))
