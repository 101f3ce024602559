"""What first tokens stand for, and what their probabilities imply."""

import datetime as dt

import pytest

from reports.answers import Share, answer_words, published_words
from reports.implied import Meaning, implied_by_answer, meanings, temperatures_figure, token_words
from reports.published import PUBLISHED, published, same_answer
from reports.rows import SeriesRow
from reports.rows_of_texts import AnswerRow, AnswerTokenRow, TokenRow

PLACE = {"study": "s", "endpoint": "e", "model": "m", "prompt": "p"}
AT = ("e", "m", "p")


@pytest.fixture
def series_row() -> SeriesRow:
    """A series that asks for nothing in particular."""
    day = dt.date(2026, 10, 1)
    figures = dict.fromkeys(SeriesRow.model_fields)
    counts = dict.fromkeys(("samples", "observed", "failures", "unobserved", "days"), 1)
    given = {"arm": "a", "is_simulated": False, "first_day": day, "last_day": day, "clusters": {}}
    return SeriesRow.model_validate({**figures, **PLACE, **counts, **given})


def begins(token: str, answer: str, n: int) -> AnswerTokenRow:
    """So many completions that begin with a token and give an answer."""
    return AnswerTokenRow.model_validate({**PLACE, "token": token, "answer": answer, "n": n})


def listed(**percentages: float) -> list[TokenRow]:
    """A mean list."""
    return [
        TokenRow.model_validate({**PLACE, "arm": "a", "token": token, "mean_pct": pct})
        for token, pct in percentages.items()
    ]


FLIPS = meanings([begins("Heads", "Heads", 90), begins("T", "Tails", 9), begins("T", "Toss", 1)])


def test_a_token_stands_for_the_answer_that_most_completions_with_it_gave() -> None:
    """With how many of how many."""
    assert FLIPS[AT]["T"] == Meaning("Tails", 9, 10)
    assert token_words(FLIPS[AT], "m") == [
        "m: as a first token, T stands for Tails (9 of 10 completions that begin so)."
    ]


def test_an_answer_that_is_its_own_first_token_is_not_explained() -> None:
    """Heads stands for Heads: nothing to say."""
    assert token_words({"Heads": Meaning("Heads", 5, 5)}, "m") == []


def test_tokens_of_one_answer_add_up_and_unexplained_ones_stand_apart() -> None:
    """Renormalised over the list: what lies beyond it is ignored."""
    implied = implied_by_answer(listed(Heads=72.0, T=8.0, He=10.0), {**FLIPS[AT], "He": Meaning("Heads", 1, 1)}, 1)
    assert implied == pytest.approx({"Heads": 82 / 90, "Tails": 8 / 90})
    assert implied_by_answer(listed(Heads=60.0, X=20.0), FLIPS[AT], 1) == pytest.approx({"Heads": 0.75, None: 0.25})


def test_a_table_of_temperatures_goes_from_the_top_token_to_a_flatter_list(series_row: SeriesRow) -> None:
    """At 0 it takes all; shares are cut at a hundredth of a percent; what is left over is summed up."""
    rows = listed(Heads=97.0, T=2.0, Sure=0.5, Okay=0.3, Coin=0.2)
    figure = temperatures_figure([series_row], rows, FLIPS, {series_row.key: "m"})
    assert figure is not None
    cells = {row[1]: row[2:] for row in figure.table.rows}
    assert cells["Heads"][0] == "100%"
    assert cells["Tails"][1] == "< 0.01%"
    assert cells["Tails"][3] == "2.00%"
    assert list(cells) == ["Heads", "Tails", "Sure", "Okay", "every other listed token"]
    assert temperatures_figure([series_row], rows[:1], FLIPS, {series_row.key: "m"}) is None


def share(n: int, of: int, implied: float | None) -> Share:
    """An answer's share."""
    row = AnswerRow.model_validate({**PLACE, "arm": "a", "answer": "Heads", "n": n, "observed": of, "answers": 2})
    return Share(row, implied, None)


@pytest.mark.parametrize(
    ("implied", "words"),
    [
        (None, "."),
        (0.968, "; its log-probabilities imply 96.8%, which the interval holds."),
        (0.5, "; its log-probabilities imply 50.0%, which the interval leaves out."),
    ],
)
def test_a_share_stands_beside_what_log_probabilities_imply(implied: float | None, words: str) -> None:
    """With its denominator and its interval."""
    (sentence,) = answer_words("m", [share(58, 60, implied)])
    assert sentence == f"m answers Heads in 58 of 60 calls (96.7%, 95% interval 88.6% to 99.1%){words}"


def test_what_people_answer_is_published_with_its_source() -> None:
    """For the coin, and for no other study."""
    assert published("coin-flip-answers") == published("coin-flip") == PUBLISHED[:1]
    assert published("length") == []
    (sentence,) = published_words(PUBLISHED[:1])
    assert sentence.startswith("Of people, 80% answer Heads (Bar-Hillel, Peer and Acquisti, 2014")


@pytest.mark.parametrize(("answer", "is_same"), [("heads.", True), ("Heads", True), ("Head", False), (None, False)])
def test_an_answer_is_the_published_one_whatever_its_case(answer: str | None, is_same: bool) -> None:
    """And with or without its full stop."""
    assert same_answer(answer, "Heads") is is_same
