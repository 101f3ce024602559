"""Agreement over questions, from rows made by hand."""

import datetime as dt

from reports.agreement import agreement_figure, agreement_words, arm_labels, arms
from reports.rows_of_texts import TotalAgreementRow


def of_day(day: int, prompts: int, same: int, answers: int | None, repeats: int = 10) -> TotalAgreementRow:
    """One day of one arm."""
    return TotalAgreementRow.model_validate(
        {
            "endpoint": "e",
            "model": "m",
            "arm": "a",
            "day": dt.date(2026, 10, day),
            "prompts": prompts,
            "repeats": repeats,
            "tarr_prompts": same,
            "tara_prompts": answers,
        }
    )


def test_one_day_is_told_with_both_intervals() -> None:
    """Completions, and answers where a pattern finds them."""
    (arm,) = arms([of_day(1, 20, 11, 19)])
    assert agreement_words("m", arm) == [
        "m gave one and the same completion in all 10 calls to 11 of 20 questions "
        "(TARr@10 55.0%, 95% interval 34.2% to 74.2%); "
        "the same answer to 19 (TARa@10 95.0%, 95% interval 76.4% to 99.1%)."
    ]


def test_over_days_each_question_counts_once_a_day() -> None:
    """And without a pattern nothing is said of answers."""
    (arm,) = arms([of_day(1, 20, 11, None), of_day(2, 20, 9, None, repeats=8)])
    (sentence,) = agreement_words("m", arm)
    assert "in all 8 to 10 calls to 20 of 40 questions" in sentence
    assert sentence.endswith("Each question counts once on each of 2 days.")


def test_one_question_is_no_share_of_questions() -> None:
    """A study with one prompt has no total agreement."""
    assert arms([of_day(1, 1, 0, None)]) == []
    assert agreement_figure([], {}, "study_total_agreement") is None


def test_an_answer_that_no_pattern_finds_is_a_dash() -> None:
    """Never 0%."""
    every = arms([of_day(1, 20, 11, None)])
    figure = agreement_figure(every, arm_labels(every), "study_total_agreement")
    assert figure is not None
    assert figure.table.rows[0][-2:] == ("\N{EN DASH}", "\N{EN DASH}")
