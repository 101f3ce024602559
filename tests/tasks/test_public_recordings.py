"""What other groups recorded and published, imported: their tables come out again, and their changes are alarms."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tasks.aggregate import aggregate
from tasks.warehouse import Warehouse

MakeLine = Callable[..., dict[str, Any]]
TRACKED = json.loads((Path(__file__).parents[1] / "data" / "trackllm-hi-2026.json").read_text("utf-8"))
PATTERN = r"Answer:\W*([A-D])\b"
REFUSALS = ("I cannot help with that.", "", "Answer: (E)")


def tracked(model: str) -> Iterator[dict[str, Any]]:
    """A model's calls, a day's spread evenly over it; those that failed are null."""
    request = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1, "logprobs": True}
    for day, calls in TRACKED[model]["days"].items():
        for number, at in enumerate(calls):
            instant = dt.datetime.fromisoformat(f"{day}T00:00:00Z") + dt.timedelta(days=(number + 0.5) / len(calls))
            # From elsewhere, where the clock shows another day for a part of it.
            shown = instant.astimezone(dt.timezone(dt.timedelta(hours=-7)))
            line = {"study": "hi", "endpoint": "elsewhere", "requested_at": shown.isoformat(), "request": request}
            yield line | ({"status": 500} if at is None else {"status": 200, "response": answer(TRACKED[model], at)})


def answer(series: dict[str, Any], at: int) -> dict[str, Any]:
    """An answer with one of the series' lists, of which the likeliest token came."""
    top = [{"token": token, "logprob": logprob} for token, logprob in series["lists"][at]]
    logprobs = {"content": [top[0] | {"top_logprobs": top}]}
    return {"choices": [{"message": {"content": top[0]["token"]}, "logprobs": logprobs}]}


@pytest.mark.parametrize(
    ("model", "may"),
    [
        # Lists that never repeat on the first three days, and from 20 to 21 August: the latter is published.
        ("kimi-k2.7-code", {"2026-08-04", "2026-08-05", "2026-08-20", "2026-08-22"}),
        # A gap of nineteen days, then other values by a hundredth of a percentage point, five calls a day.
        ("mythomax-l2-13b", {"2026-09-01"}),
        # One list for three weeks, and two calls with another.
        ("deepseek-chat-v3.1", set()),
    ],
)
def test_a_change_that_was_published_is_an_alarm_on_its_day(
    warehouse: Warehouse, land: Callable[..., Any], model: str, may: set[str]
) -> None:
    """Or the day after, where it came in the last two hours; no other day is, but where the recording itself changes its ways."""
    days = land(tracked(model)).days
    assert [str(day) for day in days] == list(TRACKED[model]["days"])
    aggregate(warehouse, days, [])
    alarms = {str(row["day"]) for row in warehouse.rows("select day from mart.drift_by_day where is_alarm")}
    changes = map(dt.datetime.fromisoformat, TRACKED[model]["changes"])
    assert {str((at + dt.timedelta(hours=2)).date()) for at in changes} <= alarms <= may


def test_a_change_where_days_differ_of_themselves_is_an_alarm_on_its_second_day(
    warehouse: Warehouse, land: Callable[..., Any]
) -> None:
    """deepseek-v4-pro: four days unlike each other, two weeks of quiet, and at the end of 16 August another model."""
    aggregate(warehouse, land(tracked("deepseek-v4-pro")).days, [])
    days = warehouse.column("select day from mart.drift_by_day where is_alarm and day > '2026-08-05' order by day")
    assert days == [dt.date(2026, 8, 18)]


class Published(NamedTuple):
    """A row of a published table: of so many questions, asked so often, how many got the same text, and answer, always."""

    questions: int
    runs: int
    same_text: int
    same_answer: int


def repeated(line: MakeLine, table: Published) -> Iterator[dict[str, Any]]:
    """Answers with these figures, in words of our own.

    Some with the same text have no answer that can be read: they refuse, say nothing, or name a fifth choice.
    """
    unread = len(REFUSALS)
    for question in range(table.questions):
        for run in range(table.runs):
            if question < unread:
                text = REFUSALS[question % len(REFUSALS)]
            elif question < table.same_text:
                text = "Answer: (A), not Answer: (B)"
            elif question < table.same_answer + unread:
                text = "So: Answer: (A)" if run == 0 else "Answer: (A)"
            else:
                text = ("Answer: (B)", "")[question % 2] if run == 0 else "Answer: (A)"
            request = {"model": "m", "messages": [{"role": "user", "content": f"Question {question}"}]}
            yield line(study="quiz", prompt=f"q{question}", request=request, follow=None, text=text, repeat=run)


@pytest.mark.parametrize(
    ("table", "tarr", "tara"),
    [
        # gpt-3.5-turbo on college mathematics and public relations without examples, gpt-4o on college mathematics with a
        # JSON schema: stability_eval.csv of breckbaldwin/llm-stability (v3) and Comcast/llm-stability (strict_json_schema).
        (Published(questions=100, runs=10, same_text=10, same_answer=46), "10.0%", "46.0%"),
        (Published(questions=110, runs=10, same_text=108, same_answer=107), "98.2%", "97.3%"),
        (Published(questions=100, runs=5, same_text=45, same_answer=47), "45.0%", "47.0%"),
    ],
)
def test_published_agreement_comes_out_of_as_many_answers(
    warehouse: Warehouse, land: Callable[..., Any], line: MakeLine, table: Published, tarr: str, tara: str
) -> None:
    """Also where fewer agree in their answer than in their text: what cannot be read agrees with nothing."""
    aggregate(warehouse, land(repeated(line, table)).days, [], [("quiz", PATTERN)])
    (row,) = warehouse.rows("from mart.agreement_by_study")
    assert (row["prompts"], row["repeats"]) == (table.questions, table.runs)
    assert (f"{row['tarr']:.1%}", f"{row['tara']:.1%}") == (tarr, tara)
