"""Distances between completions."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core import texts
from tasks.core.texts import MOST_COMPARISONS, MOST_TEXTS, Matrix, edit_distances, embedding_distances


def cosine(a: list[float], b: list[float]) -> float:
    """Of two vectors, by its definition."""
    return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def mean(numbers: list[float]) -> float:
    """Of a few."""
    return sum(numbers) / len(numbers)


def test_embedding_distances_by_hand() -> None:
    """The first and an equal one at 0, one at a right angle, one opposite: 0, 1 and 2 from the first."""
    distances = embedding_distances([[2, 0], [0, 3], [-1, 0]], [2, 1, 1])
    assert distances.first == pytest.approx((0 + 1 + 2) / 3)
    assert distances.pairs == pytest.approx((0 + 2 * 1 + 2 * 2 + 1) / 6)


def test_the_first_to_the_rest_is_the_cookbooks_mean() -> None:
    """The mean of 1 - cosine between the first embedding and each of the others, which is what 0.1137 and 0.0449 are."""
    vectors = np.random.default_rng(1).standard_normal((5, 1536)).tolist()
    expected = mean([1 - cosine(vectors[0], other) for other in vectors[1:]])
    assert embedding_distances(vectors, [1] * 5).first == pytest.approx(expected)


@given(
    st.lists(st.tuples(st.lists(st.integers(1, 9), min_size=3, max_size=3), st.integers(1, 4)), min_size=1, max_size=6)
)
def test_counts_stand_for_completions(completions: list[tuple[list[int], int]]) -> None:
    """Weighted means are those over all completions, one by one."""
    each = [list(map(float, vector)) for vector, n in completions for _ in range(n)]
    distances = embedding_distances([vector for vector, _ in completions], [n for _, n in completions])
    if len(each) < 2:
        assert distances == (None, None)
        return
    pairs = [1 - cosine(a, b) for a, b in itertools.combinations(each, 2)]
    assert distances.pairs == pytest.approx(mean(pairs), abs=1e-12)
    assert distances.first == pytest.approx(mean([1 - cosine(each[0], other) for other in each[1:]]), abs=1e-12)


def test_equal_embeddings_are_at_distance_0() -> None:
    """Never a little below it."""
    vector = np.random.default_rng(2).standard_normal(1536)
    assert embedding_distances([vector, vector * 3], [5, 7]) == pytest.approx((0, 0), abs=1e-12)
    assert min(filter(None.__ne__, embedding_distances([vector], [9]))) >= 0  # type: ignore[type-var]


@pytest.mark.parametrize("other", [[0.0, 0.0], [math.nan, 1.0], [math.inf, 1.0]])
def test_an_embedding_without_a_direction_has_no_distance(other: list[float]) -> None:
    """No cosine is defined."""
    assert embedding_distances([[1.0, 0.0], other], [1, 1]) == (None, None)


def test_edit_distances_by_hand() -> None:
    """heads to hearts is 2 edits of 6, heads to the empty text 5 of 5; an equal completion is at 0."""
    first, pairs = edit_distances(["heads", "hearts", ""], [2, 1, 1], "seed")
    assert first == pytest.approx((0 + 2 / 6 + 1) / 3)
    assert pairs == pytest.approx((0 + 2 * 2 / 6 + 2 * 1 + 1) / 6)


def test_characters_are_code_points() -> None:
    """One of two differs, however many bytes it has."""
    assert edit_distances(["é☕", "é🎲"], [1, 1], "seed") == (0.5, 0.5)
    assert edit_distances(["\ud800", "a"], [1, 1], "seed") == (1, 1)


def test_fewer_than_two_completions_have_no_distance() -> None:
    """Not even 0."""
    assert edit_distances(["a"], [1], "seed") == edit_distances([], [], "seed") == (None, None)
    assert edit_distances(["a"], [2], "seed") == (0, 0)


@settings(max_examples=20)
@given(st.lists(st.text(max_size=8), min_size=2, max_size=8, unique=True))
def test_edit_distances_are_shares(texts: list[str]) -> None:
    """Between 0 and 1, whatever is compared."""
    assert all(0 <= value <= 1 for value in edit_distances(texts, [1] * len(texts), "seed") if value is not None)


def test_of_very_many_texts_some_are_drawn() -> None:
    """The same ones for the same seed, and near what all would give."""
    texts = [f"{number:012b}" for number in range(10 * MOST_TEXTS)]
    drawn = edit_distances(texts, [1] * len(texts), "seed")
    assert drawn == edit_distances(texts, [1] * len(texts), "seed") != edit_distances(texts, [1] * len(texts), "other")
    assert drawn.pairs == pytest.approx(edit_distances(texts[::13], [1] * len(texts[::13]), "seed").pairs, rel=0.05)


def test_texts_of_millions_of_characters_are_compared_from_their_beginning() -> None:
    """What differs behind the first 10,000 characters alone counts as equal."""
    assert edit_distances(["x" * 3_000_000, "x" * 3_000_001], [1, 1], "seed") == (0, 0)


@pytest.mark.parametrize("counts", [[1] * 400, [10_000, *[1] * 399], [1, *[1_000] * 399]])
@pytest.mark.parametrize("lengths", [[20_000] * 400, [1, *[20_000] * 399], [20_000, *[1] * 399]])
def test_long_texts_are_compared_within_bounds(
    lengths: list[int], counts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of them are long, and however often they were seen: a few times what one figure may cost."""
    costs = []

    def cost(some: list[str], others: list[str]) -> Matrix:
        costs.append(sum(map(len, some)) * sum(map(len, others)) / (1 if len(some) == 1 else 2))
        return np.zeros((len(some), len(others)))

    monkeypatch.setattr(texts, "_edits", cost)
    edit_distances([chr(0x4E00 + at) * length for at, length in enumerate(lengths)], counts, "seed")
    assert len(costs) == 2
    assert max(costs) < 2 * MOST_COMPARISONS
