"""What is said of completions, from rows made by hand."""

from typing import Any

import pytest

from reports import words_of_texts as words
from reports.rows_of_texts import DistanceRow, DivergenceRow, TextRow

PLACE = {"study": "s", "endpoint": "e", "model": "m", "arm": "a", "prompt": "p"}


def text(**figures: Any) -> TextRow:
    """Fifty calls with seventeen completions, the most frequent of them twelve times."""
    usual = {
        "answered": 50,
        "unique_completions": 17,
        "modal_n": 12,
        "longest_tokens": 200,
        "longest_chars": 1000,
        "mean_tokens": 200.0,
        "sizes": {12: 1},
    }
    return TextRow.model_validate({**PLACE, **usual, **figures})


def leaving(*positions: tuple[int | None, int], unit: str = "token") -> list[DivergenceRow]:
    """Calls by how much of the most frequent completion they share."""
    return [DivergenceRow.model_validate({**PLACE, "unit": unit, "position": at, "n": n}) for at, n in positions]


LEFT = leaving((None, 12), (4, 10), (31, 20), (90, 8))


def test_a_text_series_is_told_by_its_completions() -> None:
    """How many, how often the most frequent with its interval, and how much half of the others share."""
    assert words.answer("m", text(), LEFT, 1) == [
        "m gave 17 different completions in 50 identical calls; "
        "the most frequent in 12 (24.0%, 95% interval 14.3% to 37.4%).",
        "Half of the others leave the most frequent one after 31 tokens or sooner; the earliest of all after 4 tokens.",
    ]


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        (
            {"unique_completions": 1, "modal_n": 50},
            "m gave the same completion in all 50 identical calls: with 95% confidence, "
            "fewer than 6.0% of calls get another.",
        ),
        (
            {"unique_completions": 50, "modal_n": 1},
            "m gave 50 different completions in 50 identical calls; no two are the same.",
        ),
        (
            {"answered": 1, "unique_completions": 1, "modal_n": 1},
            "m answered once: whether it would answer the same again is not known.",
        ),
        (
            {"answered": 2, "unique_completions": 1, "modal_n": 2},
            "m gave the same completion in all 2 identical calls.",
        ),
    ],
)
def test_every_number_of_completions_has_its_sentence(figures: dict[str, Any], sentence: str) -> None:
    """One call, all alike, none alike."""
    assert words.answer("m", text(**figures), [], 1)[0] == sentence


def test_what_the_others_share_is_said_of_days_and_of_characters_too() -> None:
    """Over several days each is compared with its own day; where no tokens came, characters are counted."""
    assert words.shared_beginning(leaving((7, 3), unit="character"), 3, "most frequent") == [
        "All others leave its day's most frequent one after 7 characters."
    ]
    assert words.shared_beginning(leaving((0, 3), (9, 1)), 1, "most frequent") == [
        "Half of the others leave the most frequent one at its first token."
    ]
    assert words.shared_beginning(leaving((None, 9)), 1, "most frequent") == []


def test_where_no_two_are_the_same_none_is_the_most_frequent() -> None:
    """The others are compared with the first."""
    unlike = text(unique_completions=50, modal_n=1)
    assert (
        words.answer("m", unlike, leaving((None, 1), (7, 49)), 1)[1] == "All others leave the first one after 7 tokens."
    )
    assert words.answer("m", unlike, leaving((None, 2), (7, 48)), 2)[1].startswith(
        "All others leave its day's first one"
    )


def test_a_median_is_the_position_that_half_of_the_calls_do_not_pass() -> None:
    """By calls, not by completions."""
    assert words.weighted_median([(1, 1), (5, 1), (9, 8)]) == 9
    assert words.weighted_median([(1, 2), (5, 2)]) == 1


def distance(model: str, **measured: float | None) -> DistanceRow:
    """A series' distances."""
    none = dict.fromkeys(
        ("distance_first", "distance_pairs", "edit_first", "edit_pairs", "embedding_model", "embedding_error")
    )
    return DistanceRow.model_validate({**PLACE, **none, "model": model, **measured})


def test_distances_are_one_sentence() -> None:
    """Of the series that differ; the others are mentioned, and where none lies apart nothing is said."""
    rows = [distance("m", distance_pairs=0.1137, edit_pairs=0.25), distance("n", distance_pairs=0, edit_pairs=0)]
    assert words.distances(rows, {row.key: row.model for row in rows}) == [
        "On average two completions of a day lie so far apart, in embeddings (1 \N{MINUS SIGN} cosine) and in edits "
        "(share of the longer text): m 0.114 and 0.25; of the others, no two differ."
    ]
    assert words.distances(rows[1:], {rows[1].key: "n"}) == []


def test_a_headline_counts_unique_completions_of_all() -> None:
    """Or says that there is one."""
    assert words.headline(text()) == "17 unique of 50 completions"
    assert words.headline(text(unique_completions=1)) == "1 completion in 50 calls"
