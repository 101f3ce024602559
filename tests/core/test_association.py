"""Clusters against fingerprints: information by hand, and shuffled tables."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2_contingency, hypergeom

from tasks.core.association import PERMUTATIONS, shared_information, shuffled

tables = arrays(np.float64, (3, 2), elements=st.integers(0, 30).map(float))


def test_information_by_hand() -> None:
    """One bit a sample where clusters say the fingerprint, none where shares are equal."""
    assert shared_information(np.array([[5.0, 0.0], [0.0, 5.0]])) == pytest.approx(10 * math.log(2))
    assert shared_information(np.array([[4.0, 2.0], [8.0, 4.0]])) == pytest.approx(0, abs=1e-12)


@given(tables.filter(lambda table: table.sum(axis=0).all() and table.sum(axis=1).all()))
def test_it_is_half_the_statistic_of_the_g_test(table: np.ndarray) -> None:
    """scipy's, without Yates's correction."""
    expected = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic / 2
    assert shared_information(table) == pytest.approx(expected, abs=1e-9)


@given(tables)
def test_it_is_bounded_by_either_entropy(table: np.ndarray) -> None:
    """At least 0, and no more than n times the logarithm of two columns."""
    assert -1e-9 <= shared_information(table) <= table.sum() * math.log(2) + 1e-9


def test_shuffled_tables_share_what_chance_has_it() -> None:
    """Twice the mean information is near the degrees of freedom; the same seed gives the same draws."""
    table = np.array([[40.0, 60.0, 50.0], [50.0, 60.0, 40.0]])
    drawn = shuffled(table, "a")
    assert drawn.shape == (PERMUTATIONS,)
    assert 2 * drawn.mean() == pytest.approx(2, rel=0.15)
    assert drawn.tolist() == shuffled(table, "a").tolist()
    assert drawn.tolist() != shuffled(table, "b").tolist()


def test_shuffled_tables_are_hypergeometric() -> None:
    """Two by two, each table comes as often as the hypergeometric distribution has it."""
    table = np.array([[3.0, 2.0], [1.0, 4.0]])
    drawn = shuffled(table, "a", 50_000)
    for both in range(5):
        cells = np.array([[both, 5 - both], [4 - both, 1 + both]], dtype=float)
        alike = [
            one for one in range(5) if hypergeom.pmf(one, 10, 5, 4) == pytest.approx(hypergeom.pmf(both, 10, 5, 4))
        ]
        share = np.isclose(drawn, shared_information(cells)).mean()
        assert share == pytest.approx(sum(hypergeom.pmf(one, 10, 5, 4) for one in alike), abs=0.01)


def test_a_perfect_association_is_hardly_ever_drawn() -> None:
    """Twenty samples of two kinds: one draw in 92,378."""
    table = np.diag([10.0, 10.0])
    assert not np.any(shuffled(table, "a") >= shared_information(table) - 1e-9)
