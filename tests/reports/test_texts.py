"""Completions on a page: ranked, cut, and shown as what they are."""

import datetime as dt
from collections import Counter
from html import escape
from typing import Any

import pytest

from reports.looks import model_looks
from reports.rows_of_texts import CompletionRow, TextRow
from reports.texts import EMPTY, ENDS, MOST_DIFFERENCE, MOST_RANKINGS, MOST_REST, MOST_SHARED, completion_line, rankings
from tasks.core.plan import SeriesKey

PLACE = {"study": "s", "endpoint": "e", "model": "m", "arm": "a"}
NOON = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)


def completion(text: str, place: int = 2, **more: Any) -> CompletionRow:
    """A completion that came once."""
    usual = {"n": 1, "first_at": NOON, "tokens": 3, "fingerprints": [], "completion_id": text, "prompt": "p"}
    return CompletionRow.model_validate({**PLACE, **usual, "place": place, "text": text, **more})


def series(prompt: str, texts: list[str]) -> tuple[TextRow, list[CompletionRow]]:
    """A series' figures, and its completions in order."""
    counts = Counter(texts).most_common()
    row = TextRow.model_validate(
        {
            **PLACE,
            "prompt": prompt,
            "answered": len(texts),
            "unique_completions": len(counts),
            "modal_n": counts[0][1],
            "longest_tokens": 9,
            "longest_chars": 45,
            "mean_tokens": 9.0,
            "sizes": Counter(n for _, n in counts),
        }
    )
    return row, [completion(text, i + 1, n=n, prompt=prompt) for i, (text, n) in enumerate(counts)]


@pytest.mark.parametrize(
    ("text", "same", "difference", "rest"),
    [
        ("The red fox ran.", "The ", "red", " fox ran."),
        ("The quick", "The quick", ENDS, ""),
        ("The quick brown fox ran. And", "The quick brown fox ran.", " And", ""),
        ("", "", "", EMPTY),
        ("The quick\nbrown fox ran.", "The quick", "⟨U+000A⟩brown", " fox ran."),
    ],
)
def test_the_first_word_that_differs_is_set_apart(text: str, same: str, difference: str, rest: str) -> None:
    """Also where a completion ends early, goes on, is empty, or differs in what cannot be seen."""
    line = completion_line(completion(text), "The quick brown fox ran.", 10)
    assert (line.same, line.first_difference, line.rest) == (same, difference, rest)


def test_the_most_frequent_one_differs_from_nothing() -> None:
    """It stands as it came."""
    line = completion_line(completion("The fox", place=1, n=4), "The fox", 10)
    assert (line.n, line.share, line.same, line.first_difference, line.rest) == ("4", "40.0%", "", "", "The fox")


@pytest.mark.parametrize("character", ["x", "<", "\u202e", "&", "\n", "ש"])
@pytest.mark.parametrize("shared", [0, 10, 100_000])
def test_a_long_completion_takes_no_more_of_a_page_than_a_short_one(character: str, shared: int) -> None:
    """A megabyte, whatever it is made of, and however much of it is shared."""
    common = character * shared
    line = completion_line(completion(common + "a" + character * 1_000_000), common + "b" + character * 1_000, 10)
    size = sum(len(escape(part)) for part in (line.same, line.first_difference, line.rest))
    assert size <= MOST_SHARED + MOST_DIFFERENCE + MOST_REST + 20


def test_a_hostile_completion_reorders_nothing() -> None:
    """Control characters are shown, right-to-left text is isolated."""
    line = completion_line(completion("\u202eabc \x07 שלום"), "b", 10)
    assert line.first_difference == "⟨U+202E⟩abc"
    assert line.rest == "\u2068 ⟨U+0007⟩ שלום\u2069"


def test_only_series_that_differ_are_ranked_and_the_rest_is_counted() -> None:
    """One with a single completion has nothing to compare; a note says how many lines were left out."""
    quiet, loud = series("quiet", ["a"] * 5), series("loud", [f"text {i}" for i in range(400)])
    rows = [quiet[0], loud[0]]
    labels = {row.key: row.prompt for row in rows}
    (ranking,) = rankings(rows, quiet[1] + loud[1], labels, model_looks(["m"]))
    assert ranking.label == "loud"
    assert ranking.note == f"The {len(ranking.lines) + len(ranking.rarer)} most frequent of 400 completions."


def test_of_many_series_those_that_differ_most_are_ranked() -> None:
    """In the order of the page, and never more than a page holds."""
    made = [series(f"q{i}", ["a"] * (30 - i) + ["b"] * i) for i in range(1, 21)]
    labels: dict[SeriesKey, str] = {row.key: row.prompt for row, _ in made}
    shown = rankings([row for row, _ in made], [c for _, every in made for c in every], labels, model_looks(["m"]))
    assert [one.label for one in shown] == [f"q{i}" for i in range(9, 21)]
    assert len(shown) == MOST_RANKINGS


def test_disagreement_is_the_chance_that_two_calls_differ() -> None:
    """Of two completions seen twice each, 1 - (2 + 2)/(4 * 3); of one call nothing."""
    assert series("p", ["a", "a", "b", "b"])[0].disagreement == pytest.approx(2 / 3)
    assert series("p", ["a"])[0].disagreement is None
