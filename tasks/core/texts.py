"""How far completions of one request are apart: mean distances between the first and the rest, and over all pairs."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from tasks.core.canonical import digest

# An edit distance takes time as the product of both lengths, and pairs as the square of the texts. So many comparisons of
# a character with another take about half a second, and of a script of thousands of characters one.
MOST_COMPARISONS = 5_000_000_000
MOST_CHARACTERS = 10_000
MOST_TEXTS = 300

Counts = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float64]


class Distances(NamedTuple):
    """Mean distances, from 0 (equal) up; null for fewer than two completions."""

    first: float | None
    """Between the first completion and each of the others, as in OpenAI's cookbook on reproducible outputs."""
    pairs: float | None
    """Over all pairs of completions."""


def edit_distances(texts: Sequence[str], counts: Sequence[int], seed: str) -> Distances:
    """Mean normalised Levenshtein distances: edits over the length of the longer text, from 0 to 1.

    `texts` are distinct, the first completion in front, and `counts` says how often each was seen. Of each text, the
    first 10,000 characters (code points) are compared. Where there are more than 300 texts, or fewer and long ones, some
    of the completions are drawn, from a generator seeded with `seed`, and the mean is an estimate: of texts of 10,000
    characters, 50 are compared with the first, and 10 with each other; of 1,000, 300 and 100.
    """
    seen = np.asarray(counts, dtype=np.int64)
    if seen.sum() < 2:
        return Distances(None, None)
    shown = [text[:MOST_CHARACTERS] for text in texts]
    rng = np.random.default_rng(int(digest(seed), 16))
    length = _mean_length(shown, seen)
    others = _drawn(_without_first(seen), MOST_COMPARISONS // (max(1, len(shown[0])) * length), rng)
    from_first = _edits([shown[0]], [shown[i] for i in np.flatnonzero(others)])[0]
    some = _drawn(seen, math.isqrt(2 * MOST_COMPARISONS) // length, rng)
    drawn = [shown[i] for i in np.flatnonzero(some)]
    weights = some[some > 0].astype(np.float64)
    n = weights.sum()
    return Distances(
        first=float(np.average(from_first, weights=others[others > 0])),
        # A text is at no distance from itself: its pairs count below the line alone.
        pairs=float(weights @ _edits(drawn, drawn) @ weights / (n * (n - 1))),
    )


def embedding_distances(embeddings: Sequence[Sequence[float]] | Matrix, counts: Sequence[int]) -> Distances:
    """Mean cosine distances (1 - cosine, from 0 to 2).

    `embeddings` is of shape (texts, dimensions), the first completion in front, and `counts` says how often each was
    seen. Over pairs, by the square of the sum of unit vectors, which holds every pair's cosine. Null as well where an
    embedding has no direction.
    """
    vectors = np.asarray(embeddings, dtype=np.float64)
    seen = np.asarray(counts, dtype=np.float64)
    n = seen.sum()
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if n < 2 or not np.all(np.isfinite(lengths) & (lengths > 0)):
        return Distances(None, None)
    units = vectors / lengths
    total = seen @ units
    return Distances(
        # The first completion's own cosine is 1, in both sums.
        first=_distance((float(units[0] @ total) - 1) / (n - 1)),
        pairs=_distance((float(total @ total) - n) / (n * (n - 1))),
    )


def _distance(cosine: float) -> float:
    """1 - cosine, without the rounding that would leave equal vectors a little below 0."""
    return max(0.0, float(1 - cosine))


def _without_first(seen: Counts) -> Counts:
    others = seen.copy()
    others[0] -= 1
    return others


def _mean_length(texts: Sequence[str], seen: Counts) -> int:
    """In characters, rounded up, and at least 1: of the texts or of the completions, whichever are longer."""
    lengths = np.array([len(text) for text in texts])
    return max(1, math.ceil(max(float(lengths.mean()), float(np.average(lengths, weights=seen)))))


def _drawn(seen: Counts, fitting: int, rng: np.random.Generator) -> Counts:
    """The counts of as many completions as are fitting, drawn without putting back; of all, where their texts are no more."""
    most = min(MOST_TEXTS, fitting)
    if np.count_nonzero(seen) <= most:
        return seen
    return rng.multivariate_hypergeometric(seen, most, method="marginals")


def _edits(texts: Sequence[str], others: Sequence[str]) -> Matrix:
    return process.cdist(texts, others, scorer=Levenshtein.normalized_distance, dtype=np.float64)
