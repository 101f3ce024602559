"""The two sides of a comparison, from their text to the series that they name."""

import datetime as dt

import pytest

from tasks.core.errors import UsageError
from tasks.core.plan import SeriesKey
from tasks.core.sides import Known, Pairing, paired, side

FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 10, 14)


def known(study: str, model: str, arm: str = "a", prompt: str = "p", endpoint: str = "e") -> Known:
    """A series of fourteen days."""
    return Known(SeriesKey(study, endpoint, model, arm, prompt), FIRST, LAST)


SERIES = [
    *[known("s", model, arm) for model in ("m", "org/m2") for arm in ("a", "b")],
    known("s/x", "m"),
    known("t", "m", prompt="q"),
    known("two", "m"),
    known("two", "m", endpoint="f"),
]


def pairing(left: str, right: str) -> Pairing:
    """Both texts, paired."""
    return paired(side(left, SERIES), side(right, SERIES), SERIES)


@pytest.mark.parametrize(
    ("left", "right", "pairs"),
    [
        ("s@2026-10-01", "s@2026-10-02", 4),
        ("s@..2026-10-05", "s@2026-10-06..", 4),
        ("s@2026-10-01..2026-10-05", "s@2026-10-07..2026-10-09", 4),
        ("s/m", "s/org/m2", 2),
        ("s/*/a", "s/*/b", 2),
        ("s/m/a", "s/m/b", 1),
        ("s/e:m", "s/e:org/m2", 2),
        ("two/e:m", "two/f:m", 1),
        ("s/m@2026-10-01", "s@2026-10-02", 2),
        ("s/x", "t", 1),
    ],
)
def test_sides_are_paired_by_what_neither_names(left: str, right: str, pairs: int) -> None:
    """Days, models, arms, endpoints; names with slashes; what one side names holds for the other."""
    assert len(pairing(left, right).pairs) == pairs


def test_a_side_reads_as_it_was_written() -> None:
    """Its text leads to the same side again."""
    for text in ("s", "s/m", "s/*/a", "s/org/m2/a/p", "s@2026-10-01", "s/m@..2026-10-05", "s@2026-10-06..", "two/f:m"):
        assert side(text, SERIES).text == text


def test_what_only_one_side_has_is_kept() -> None:
    """A study whose other series have no like."""
    found = pairing("s/x", "s")
    assert (len(found.pairs), found.only_left, len(found.only_right)) == (1, [], 3)


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        ("q", "s", r"No study is called 'q'\. There is 's', 's/x', 't' and 'two'; write STUDY"),
        ("s/nope", "s", r"Nothing is 's/nope'\. There is 's/m/a/p', "),
        ("s@2026-12-01", "s", r"'s@2026-12-01' has no day: its samples are from 2026-10-01 to 2026-10-14"),
        ("s@2026-10-05..2026-10-01", "s", "2026-10-05 is after 2026-10-01"),
        ("s@2026-13-01", "s", "2026-13-01 is no day"),
        ("s", "s", "Both sides are 's'"),
        ("s@2026-10-01..2026-10-05", "s@2026-10-05..", "have days in common"),
        ("s", "t", "no two are alike, so name one on each side"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(left: str, right: str, words: str) -> None:
    """It names what is wrong, and lists what exists."""
    with pytest.raises(UsageError, match=words):
        pairing(left, right)


def test_an_empty_warehouse_says_so() -> None:
    """Before the first run."""
    with pytest.raises(UsageError, match="no series yet"):
        side("s", [])
