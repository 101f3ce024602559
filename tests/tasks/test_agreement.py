"""From a recording of texts with their token lists to figures of agreement."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from tasks import agreement
from tasks.aggregate import aggregate
from tasks.core.plan import series_of_study
from tasks.core.study import Arm, Study
from tasks.core.texts import edit_distances
from tasks.land import land_run
from tasks.spool import LineTemplate, Spool
from tasks.warehouse import Warehouse

MakeLine = Callable[..., dict[str, Any]]
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
PATTERN = r"answer is \(?([A-D])"
# Three models' answers to four questions, five times each, as (text, how often): with published tables, what must come out.
QUIZ = {
    "steady": {
        "q1": [("The answer is A.", 5)],
        "q2": [("The answer is (B).", 5)],
        "q3": [("The answer is C.", 5)],
        "q4": [("It is D, I think.", 5)],
    },
    "wordy": {
        "q1": [("The answer is A.", 3), ("Clearly, the answer is A.", 2)],
        "q2": [("The answer is B.", 5)],
        "q3": [("The answer is C.", 4), ("I say: the answer is C!", 1)],
        "q4": [("The answer is D.", 4), ("The answer is A.", 1)],
    },
    "flighty": {
        "q1": [("The answer is A.", 4), ("The answer is B.", 1)],
        "q2": [("The answer is B.", 4), ("The answer is", 1)],
        "q3": [("The answer is C.", 2), ("The answer is D.", 2), ("The answer is A.", 1)],
        "q4": [("The answer is D.", 5)],
    },
}
TOTAL = {"steady": (1.0, 0.75), "wordy": (0.25, 0.75), "flighty": (0.25, 0.25)}


def tokens(text: str) -> list[str]:
    """A word a token, with the space before it."""
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


def quiz(line: MakeLine) -> list[dict[str, Any]]:
    """The recording."""
    return [
        line(
            study="quiz",
            prompt=prompt,
            request={"model": model, "messages": [], "logprobs": True},
            model=model,
            follow=None,
            text=text,
            tokens=tokens(text),
        )
        for model, prompts in QUIZ.items()
        for prompt, completions in prompts.items()
        for text, n in completions
        for _ in range(n)
    ]


def test_a_recording_gives_its_published_agreement(
    warehouse: Warehouse, land: Callable[..., Any], line: MakeLine
) -> None:
    """TARr@5 and TARa@5 of each model, exactly; and the questions that flip, with what they flip between."""
    aggregate(warehouse, land(quiz(line)).days, [], [("quiz", PATTERN)])
    rows = warehouse.rows("from mart.agreement_by_study")
    assert {row["model"]: (row["tarr"], row["tara"]) for row in rows} == TOTAL
    assert {(row["prompts"], row["repeats"]) for row in rows} == {(4, 5)}
    flips = warehouse.rows(
        "select model, prompt, list((answer, n) order by n desc, answer) as answers from mart.answers_by_day "
        "group by all having count(*) > 1 order by all"
    )
    assert [tuple(row.values()) for row in flips] == [
        ("flighty", "q1", [("A", 4), ("B", 1)]),
        ("flighty", "q2", [("B", 4), (None, 1)]),
        ("flighty", "q3", [("C", 2), ("D", 2), ("A", 1)]),
        ("wordy", "q4", [("D", 4), ("A", 1)]),
    ]


def test_a_recording_gives_where_its_completions_part(
    warehouse: Warehouse, land: Callable[..., Any], line: MakeLine
) -> None:
    """In characters and in tokens, and how far apart they are."""
    aggregate(warehouse, land(quiz(line)).days, [], [("quiz", PATTERN)])
    row = warehouse.rows("from mart.agreement_by_day where model = 'flighty' and prompt = 'q2'")[0]
    assert (row["unique_completions"], row["modal_share"], row["mean_tokens"]) == (2, 0.8, (4 * 4 + 3) / 5)
    assert (row["first_divergence_chars"], row["first_divergence_tokens"]) == (13, 3)
    assert (row["edit_distance_first"], row["edit_distance_pairs"]) == pytest.approx(
        edit_distances(["The answer is B.", "The answer is"], [4, 1], "")
    )
    begins = warehouse.rows(
        "select token, answer, n from mart.answer_tokens_overall where model = 'wordy' and prompt = 'q1' order by n"
    )
    assert [tuple(begin.values()) for begin in begins] == [("Clearly,", "A", 2), ("The", "A", 3)]


def test_the_latest_run_says_how_answers_are_read(
    warehouse: Warehouse, new_spool: Callable[..., Spool], new_study: Callable[..., Study]
) -> None:
    """Its pattern, not the catalogue's; and of two runs of one day, that of the later."""
    for number, pattern in enumerate((r"is (\w)", r"(\w)\.$")):
        study = new_study(arms=(Arm(max_tokens=9),), answer_pattern=pattern)
        spool = new_spool(study, started_at=NOON + dt.timedelta(hours=number))
        template = LineTemplate(spool.header, series_of_study(study)[0])
        body = json.dumps({"id": f"c{number}", "choices": [{"message": {"content": "It is A, or B."}}]})
        given = {"latency_s": 0.1, "attempts": 1, "status": 200, "headers": {}, "error": None}
        at = NOON + dt.timedelta(hours=number, minutes=1)
        spool.append(study.targets[0], template.line(repeat=0, requested_at=at, response=body, **given))
        run = spool.header.run("complete", None, attempted=1, ended_at=at, source="")
        days = land_run(warehouse, run, spool.sample_files, at).days
        aggregate(warehouse, days, [], [("coin-flip", "never")])
    assert warehouse.rows("select answer, n from mart.answers_by_day") == [{"answer": "B", "n": 2}]


def test_what_is_measured_already_is_not_measured_again(
    warehouse: Warehouse, land: Callable[..., Any], line: MakeLine
) -> None:
    """A second pass appends nothing."""
    days = land([line(text=text) for text in "aab"]).days
    aggregate(warehouse, days, [])
    agreement.run(warehouse, set(days))
    tests = "select test, statistic, p_value from raw.tests where test like '%_distance_%' order by test"
    assert [tuple(row.values()) for row in warehouse.rows(tests)] == [
        ("edit_distance_first", 0.5, None),
        ("edit_distance_pairs", pytest.approx(2 / 3), None),
    ]
