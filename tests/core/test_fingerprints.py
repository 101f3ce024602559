"""How likely fingerprints come and go by chance: hypergeometric, by hand."""

from math import comb

import pytest
from scipy.stats import hypergeom

from tasks.core.fingerprints import chance_of_absence, chance_of_birth


def test_a_birth_by_hand() -> None:
    """Both answers with it among the day's four, of ten in all: C(4, 2) / C(10, 2)."""
    day, earlier = {"fp_a": 2, "fp_b": 2}, [{"fp_a": 3}, {"fp_a": 2, None: 1}]
    assert chance_of_birth(day, earlier, "fp_b") == pytest.approx(comb(4, 2) / comb(10, 2))
    assert chance_of_birth(day, earlier, "fp_b") == pytest.approx(hypergeom.pmf(2, 10, 2, 4))


def test_without_earlier_answers_a_birth_is_certain() -> None:
    """The first day of a series."""
    assert chance_of_birth({"fp_a": 50}, [], "fp_a") == pytest.approx(1)


def test_a_plain_birth_is_no_chance() -> None:
    """Fifty of fifty after five days of fifty; one of fifty is."""
    assert chance_of_birth({"fp_b": 50}, [{"fp_a": 50}] * 5, "fp_b") < 1e-30
    assert chance_of_birth({"fp_a": 49, "fp_b": 1}, [{"fp_a": 50}] * 5, "fp_b") == pytest.approx(1 / 6)


def test_an_absence_by_hand() -> None:
    """Three answers with it among the first six, and none among four later: C(6, 3) / C(10, 3)."""
    days = [{"fp_a": 1, "fp_b": 2}, {"fp_a": 2, "fp_b": 1}, {"fp_a": 4}]
    assert chance_of_absence(days, "fp_b") == pytest.approx(comb(6, 3) / comb(10, 3))


def test_an_absence_is_judged_by_the_fourteen_days_until_the_last() -> None:
    """What was longer ago does not say how frequent it was."""
    recent = [{"fp_a": 9, "fp_b": 1}] * 14
    gone = [{"fp_a": 10}] * 3
    assert chance_of_absence([*recent, *gone], "fp_b") == pytest.approx(comb(140, 14) / comb(170, 14))
    assert chance_of_absence([{"fp_b": 10}] * 5 + [*recent, *gone], "fp_b") == chance_of_absence(
        [*recent, *gone], "fp_b"
    )


def test_what_was_never_seen_or_is_there_is_not_absent() -> None:
    """None, not 1."""
    days = [{"fp_a": 5}, {"fp_a": 4, "fp_b": 1}]
    assert chance_of_absence(days, "fp_c") is None
    assert chance_of_absence(days, "fp_b") is None
    assert chance_of_absence([], "fp_b") is None


def test_large_days_do_not_overflow() -> None:
    """A year's worth of answers."""
    assert chance_of_absence([{"fp_a": 10**6, "fp_b": 10**6}] * 14 + [{"fp_a": 10**6}], "fp_b") == 0
    assert 0 < chance_of_birth({"fp_b": 1}, [{"fp_a": 10**9}], "fp_b") < 1e-8
