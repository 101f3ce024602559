"""Arms compared, from rows made by hand: numbers, intervals, refusals and days."""

import datetime as dt
import json
from typing import Any

import pytest

from reports.arms import Group, drawn, groups, number_words
from reports.charts_of_text_days import agreement_over_days
from reports.charts_of_texts import by_arm
from reports.figures_of_arms import by_arm_figure
from reports.looks import model_looks
from reports.refused import refused_series, refused_words
from reports.rows import SeriesRow
from reports.rows_of_calls import RunRow
from reports.rows_of_texts import ArmDayRow, DistanceRow, TextRow
from reports.settings_of_arms import settings
from reports.text_days import arm_days, day_labels, days_figure

PLACE = {"study": "s", "endpoint": "e", "model": "m", "prompt": "p"}
DAY = dt.date(2026, 10, 1)


def series(length: int, samples: int = 20) -> SeriesRow:
    """An arm with so many tokens at most, and no values."""
    counts = {"samples": samples, "observed": 0, "failures": 0, "unobserved": 0, "days": 1}
    given = {"first_day": DAY, "last_day": DAY, "is_simulated": False, "clusters": {}, "arm": f"max-{length}"}
    request = json.dumps({"model": "m", "max_tokens": length})
    return SeriesRow.model_validate(
        {**dict.fromkeys(SeriesRow.model_fields), **PLACE, **counts, **given, "request": request}
    )


def text(length: int, sizes: dict[int, int]) -> TextRow:
    """An arm's completions by how often they came."""
    answered = sum(n * completions for n, completions in sizes.items())
    figures: dict[str, Any] = {
        "answered": answered,
        "unique_completions": sum(sizes.values()),
        "modal_n": max(sizes),
        "longest_tokens": length,
        "longest_chars": 5 * length,
        "mean_tokens": length,
        "sizes": sizes,
    }
    return TextRow.model_validate({**PLACE, **figures, "arm": f"max-{length}"})


SERIES = [series(100, samples=5), series(25), series(50), series(400)]
TEXTS = [text(25, {20: 1}), text(50, {12: 1, 1: 8}), text(100, {1: 4})]
MADE = settings(SERIES, None)
(GROUP,) = groups(SERIES, MADE, {row.key: row for row in TEXTS}, [], [], [])


def test_of_many_questions_those_are_drawn_that_agree_least() -> None:
    """In their order; one that nobody answered never is."""
    alike, unanswered = (Group(GROUP.key, "", [GROUP.arms[at]]) for at in (0, 3))
    many = [unanswered, *[alike] * 6, GROUP]
    assert drawn(many) == [*[alike] * 5, GROUP]
    assert drawn(many[:2]) == [alike]


def test_arms_that_differ_in_a_number_are_compared_at_its_ends() -> None:
    """At the lowest and at the highest that answered, with what chance alone gives."""
    (sentence,) = number_words(GROUP, MADE)
    assert sentence == (
        "m: at max_tokens 25, 20 of 20 calls agree (100%, 95% interval 83.9% to 100.0%); at max_tokens 100, 1 of 4 calls "
        "agree (25.0%, 95% interval 4.6% to 69.9%): chance seldom gives as much (p = 0.002)."
    )


def test_counts_of_arms_of_different_size_are_compared_by_what_equally_many_show() -> None:
    """Four calls of each; an arm without an answer is not observable, and columns that nobody has are left out."""
    table = by_arm_figure([GROUP], MADE, "series_texts").table
    titles = [column.title for column in table.columns]
    assert titles == ["asked", "arm", "calls", "completions", "in as many", "agreement", "95% interval", "tokens"]
    rows = {row[1]: row for row in table.rows}
    assert list(rows) == ["max-25", "max-50", "max-100", "max-400"]
    assert rows["max-25"][3:5] == ("1", "1.00 in 4")
    assert rows["max-50"][3:5] == ("9", "2.59 in 4")
    assert rows["max-400"][5] == "not observable"


def test_a_number_is_drawn_on_an_axis_of_its_own() -> None:
    """Named in words, with a tick at each arm that has one."""
    svg = by_arm([GROUP], MADE, model_looks(["m"]), "what it shows")
    assert "max_tokens" in svg
    assert '<title id="by-arm-alt">what it shows</title>' in svg
    assert all(f">{length}</text>" in svg for length in (25, 50, 100, 400))


def run(reason: str | None) -> RunRow:
    """A run that ended so."""
    given = {"run_id": "r", "kind": "run", "state": "complete", "is_withheld": False}
    at = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    return RunRow.model_validate(
        {**dict.fromkeys(RunRow.model_fields), **given, "started_at": at, "ended_at": at, "reason": reason}
    )


def test_what_was_refused_is_said_in_the_providers_words() -> None:
    """Arms by what the run says, embeddings by what their endpoint says; each sentence once, and other reasons not."""
    refused = "openai/m, arm a: not observable, refused with HTTP 400: no logprobs\u202e here."
    row = DistanceRow.model_validate(
        {
            **dict.fromkeys(DistanceRow.model_fields),
            **PLACE,
            "arm": "a",
            "embedding_model": "small",
            "embedding_error": "HTTP 404: no such model",
        }
    )
    words = refused_words([run(refused), run(refused), run("budget"), run(None)], [row], {row.key: "m"})
    assert words == [
        "openai/m, arm a: not observable, refused with HTTP 400: no logprobs⟨U+202E⟩ here.",
        "m: embedding distances are not observable, small says: HTTP 404: no such model",
    ]


def test_an_arm_that_was_refused_says_so_in_its_own_answer() -> None:
    """And then no paragraph says it again; what no series stands for keeps its words."""
    words = {arm: f"e/m, arm {arm}: not observable, refused with HTTP 400: no {arm}." for arm in "ab"}
    named = SERIES[0].model_copy(update={"arm": "a"})
    both = run(f"{words['b']} {words['a']}")
    assert refused_series([both], named) == ["Its probabilities are not observable: refused with HTTP 400: no a."]
    assert refused_series([run("budget")], named) == []
    assert refused_words([run(words["a"])], [], {}, [named]) == []
    assert refused_words([both], [], {}, [named]) == [both.reason]


def test_a_refusal_that_names_its_prompts_is_said_in_their_answers_alone() -> None:
    """An arm that is refused for some of its prompts: theirs say so, the others do not, and no paragraph does."""
    said = "e/m, arm a, prompt p, q, r: not observable, refused with HTTP 400: too long. e/m, arm a, prompt s: not observable, x."
    of_prompt = {prompt: SERIES[0].model_copy(update={"arm": "a", "prompt": prompt}) for prompt in ("p", "q", "s", "t")}
    words = {prompt: refused_series([run(said)], series) for prompt, series in of_prompt.items()}
    assert words["p"] == words["q"] == ["Its probabilities are not observable: refused with HTTP 400: too long."]
    assert words["s"] == ["Its probabilities are not observable: x."]
    assert words["t"] == []
    assert refused_words([run(said)], [], {}, [of_prompt["q"], of_prompt["s"]]) == []
    assert refused_words([run(said)], [], {}, [of_prompt["q"]]) == [said]


def day(n: int) -> ArmDayRow:
    """A day of ten calls, of which eight agree."""
    figures = {"prompts": 1, "samples": 10, "observed": 10, "unique_completions": 3, "modal_calls": 8}
    return ArmDayRow.model_validate({**PLACE, **figures, "arm": "a", "day": DAY + dt.timedelta(days=n)})


def test_days_have_a_row_each_and_one_day_has_no_figure() -> None:
    """With agreement and its interval."""
    every = arm_days([day(1), day(0)])
    figure = days_figure(every, day_labels(every))
    assert figure is not None
    assert figure.table.rows[0] == ("2026-10-01", "m", "10", "3", "80.0%", "49.0\N{EN DASH}94.3%")
    assert days_figure(arm_days([day(0)]), {}) is None


@pytest.mark.parametrize(("days", "marks"), [(10, 10), (365, 0)])
def test_a_year_is_drawn_as_a_line_alone(days: int, marks: int) -> None:
    """A mark a day, with its interval, only where days are few."""
    every = arm_days([day(n) for n in range(days)])
    svg = agreement_over_days(every, day_labels(every), model_looks(["m"]), "what it shows")
    assert len(svg) < 20_000
    assert ("mark-symbol" in svg) is (marks > 0)
