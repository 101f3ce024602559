"""Pages of texts, from recordings landed and aggregated by the real stages: arms, questions, answers, hostile texts."""

import csv
import datetime as dt
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.names import study_folder
from tasks.aggregate import aggregate
from tasks.land import import_file
from tasks.render import render_site
from tasks.settings import Settings
from tasks.warehouse import Warehouse

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
HOSTILE = '<script>alert("x")</script>\u202e\x07 שלום {{ 7*7 }} &amp;'
QUESTIONS = 60
MOST_BYTES = 500_000
View = Callable[[str], dict[str, Any]]


def call(study: str, repeat: int, text: str, **more: Any) -> dict[str, Any]:
    """One line of a recording: a completion, word by word in its own token list."""
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": more.pop("prompt", "Tell me.")}],
        **more.pop("body", {}),
    }
    tokens = text.split(" ")
    listed = [{"token": token, "logprob": -0.1, "top_logprobs": more.pop("top", [])} for token in tokens]
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
        "logprobs": {"content": listed} if body.get("logprobs") else None,
    }
    response = {
        "id": f"{study}{repeat}{more}",
        "model": "m",
        "choices": [choice],
        "usage": {"prompt_tokens": 5, "completion_tokens": len(tokens)},
    }
    return {
        "study": study,
        "endpoint": "openai",
        "requested_at": f"{more.pop('day', '2026-10-01')}T12:00:{repeat:02}Z",
        "repeat": repeat,
        "status": 200,
        "request": body,
        "response": json.dumps(response),
        **more,
    }


def crossed() -> Iterator[dict[str, Any]]:
    """A 2 x 2: every call at the default temperature differs, the seed changes nothing."""
    for arm, body in (
        ("both", {"seed": 123, "temperature": 0}),
        ("seed", {"seed": 123}),
        ("zero", {"temperature": 0}),
        ("neither", {}),
    ):
        for repeat in range(12):
            story = "Once upon a time a ship left for Mars and"
            end = "came back" if "temperature" in body else f"saw {arm} {repeat}"
            yield call("crossed", repeat, f"{story} {end}", arm=arm, body=body)


def questions() -> Iterator[dict[str, Any]]:
    """Sixty questions on two days: every third flips once, every sixth in its answer too."""
    for day in ("2026-10-01", "2026-10-02"):
        for i in range(QUESTIONS):
            for repeat in range(4):
                flips = repeat == 3 and i % 3 == 0
                text = f"{'Surely' if flips else 'I think'} it is so. Answer: {'B' if flips and i % 6 == 0 else 'A'}"
                yield call("questions", repeat, text, day=day, prompt=f"q{i}", body={"temperature": 0})


def coin() -> Iterator[dict[str, Any]]:
    """Three of four calls answer Heads, the list says 80%; Tails begins with T."""
    top = [{"token": "Heads", "logprob": -0.2231435513142097}, {"token": "T", "logprob": -1.6094379124341003}]
    for repeat in range(40):
        line = call("coin-flip-answers", repeat, "Heads", body={"logprobs": True, "top_logprobs": 2}, follow="Heads")
        response = json.loads(line["response"])
        (choice,) = response["choices"]
        tokens = ["Heads"] if repeat % 4 else ["T", "ails"]
        choice["message"]["content"] = "".join(tokens)
        choice["logprobs"]["content"] = [{"token": token, "logprob": -0.3, "top_logprobs": top} for token in tokens]
        line["response"] = json.dumps(response)
        yield line


def hostile() -> Iterator[dict[str, Any]]:
    """Megabytes, markup, control characters, text from right to left, an empty one."""
    for repeat, text in enumerate(
        (HOSTILE, HOSTILE + "x", "", "a" * 500_000, "a" * 500_000 + "b", "\n" * 9_000, HOSTILE)
    ):
        yield call(HOSTILE, repeat, text, arm=HOSTILE, prompt=HOSTILE)
        yield call(HOSTILE, repeat, text, arm="b", prompt=HOSTILE, body={HOSTILE: 1})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site of these recordings."""
    folder = tmp_path_factory.mktemp("texts")
    settings = Settings(warehouse=str(folder / "flipbook.duckdb"), site=folder / "site")
    with Warehouse.open(settings) as warehouse:
        days: set[dt.date] = set()
        for name, lines in (("a", crossed()), ("b", questions()), ("c", coin()), ("d", hostile())):
            file = folder / f"{name}.ndjson"
            file.write_text("".join(json.dumps(line) + "\n" for line in lines))
            days |= set(import_file(warehouse, file, NOON).days)
        aggregate(warehouse, days, [], [("questions", r"Answer: ([AB])"), ("coin-flip-answers", "Heads|Tails")])
        render_site(warehouse.report, settings.site)
    return settings.site


@pytest.fixture(scope="module")
def view(site: Path) -> View:
    """A page's view, by the page's path without its ending."""
    return lambda path: json.loads((site / f"{path}.json").read_text(encoding="utf-8"))


def block(page: dict[str, Any], anchor: str) -> dict[str, Any]:
    """A part of a page."""
    (found,) = (part for part in page["blocks"] if part["anchor"] == anchor)
    return dict(found)


@pytest.mark.parametrize("page", ["crossed/index", "crossed/2026-10-01"])
def test_a_two_by_two_says_which_setting_does_it(view: View, page: str) -> None:
    """On the study's page and on the day's: the temperature, and not the seed."""
    shown = view(page)
    # On the study's page, what comes first stands in the answer.
    words = " ".join([*shown.get("summary", [])[:1], *block(shown, "arms")["paragraphs"]])
    assert words.startswith(
        "m: the temperature does it; the seed shows no effect beyond chance. With temperature 0 two calls differ in 0% of "
        "pairs, with the default temperature in 100%, averaged over seed 123 and no seed (+100 pp, p = 0.001)."
    )
    assert "With seed 123 two calls differ in 50.0% of pairs, with no seed in 50.0%" in words
    assert "The mean distance between two completions, in edits, is 0 with temperature 0 and 0." in words


def test_arms_stand_side_by_side(view: View) -> None:
    """One row each with agreement and its interval, and what only some of them have."""
    (figure,) = block(view("crossed/index"), "arms")["figures"]
    rows = {row[1]: row[2:6] for row in figure["table"]["rows"]}
    assert rows["zero"] == ["12", "1", "100%", "75.8\N{EN DASH}100.0%"]
    assert rows["neither"] == ["12", "12", "8.3%", "1.5\N{EN DASH}35.4%"]


def test_a_series_without_values_is_told_by_its_completions(view: View) -> None:
    """And nothing is said of log-probabilities that nobody asked for."""
    answers = {answer["label"]: answer["sentences"] for answer in view("crossed/index")["answers"]}
    assert (
        answers["m · neither"][0]
        == "m · neither gave 12 different completions in 12 identical calls; no two are the same."
    )
    assert not any("probabilit" in sentence for sentence in answers["m · neither"])


def test_each_completion_stands_once_with_its_first_difference(view: View) -> None:
    """Ranked, with what it shares before it."""
    ranking = next(one for one in block(view("crossed/index"), "texts")["rankings"] if one["label"] == "m · seed")
    first, second = ranking["lines"][:2]
    assert first["rest"] == "Once upon a time a ship left for Mars and saw seed 0"
    assert (second["same"], second["first_difference"]) == ("Once upon a time a ship left for Mars and saw seed ", "1")
    assert len(ranking["lines"]) + len(ranking["rarer"]) == 12


def test_many_questions_are_told_by_arm(view: View) -> None:
    """One answer, no ladder, the questions that flip, and the whole of them in a file."""
    page = view("questions/index")
    (answer,) = page["answers"]
    assert answer["sentences"] == [
        "m gave one and the same completion in all 4 calls to 80 of 120 questions (TARr@4 66.7%, 95% interval 57.8% to 74.5%); "
        "the same answer to 100 (TARa@4 83.3%, 95% interval 75.7% to 88.9%). Each question counts once on each of 2 days."
    ]
    assert page["ladders"] == []
    asked = page["questions"]
    assert (len(asked["first"]), len(asked["more"])) == (3, 21)
    assert asked["note"] == "Here are 24 of 60 requests; raw.requests has all."
    total, by_question = block(page, "agreement")["figures"]
    assert total["table"]["rows"][0][1:4] == ["2", "60", "4"]
    assert len(by_question["table"]["rows"]) == 20
    assert len(block(page, "texts")["rankings"]) == 12


def test_the_index_has_a_row_an_arm_where_questions_are_many(view: View) -> None:
    """And unique completions of N where they are few."""
    groups = {group["title"]: group["series"] for group in view("index")["studies"]}
    assert [line["headline"] for line in groups["questions"]] == ["completions differ in 20 of 60 questions"]
    headlines = {line["label"]: line["headline"] for line in groups["crossed"]}
    assert headlines["m · seed"] == "12 unique of 12 completions"
    assert headlines["m · zero"] == "1 completion in 12 calls"


def test_answers_stand_beside_what_the_list_implies_and_what_people_say(view: View) -> None:
    """30 of 40 are Heads where the list has 80%, and T is found to stand for Tails."""
    page = view("coin-flip-answers/index")
    given = block(page, "answers-given")
    assert page["summary"][0].startswith("Of people, 80% answer Heads")
    assert page["answers"][0]["sentences"][0] == (
        "m answers Heads in 30 of 40 calls (75.0%, 95% interval 59.8% to 85.8%); "
        "its log-probabilities imply 80.0%, which the interval holds."
    )
    assert given["figures"][0]["table"]["rows"][0][-2:] == ["80.0%", "80% of people"]
    temperatures = block(page, "other-temperatures")
    assert temperatures["paragraphs"] == [
        "m: as a first token, T stands for Tails (10 of 10 completions that begin so)."
    ]
    assert temperatures["figures"][0]["table"]["rows"][0] == [
        "m",
        "Heads",
        "100%",
        "99.90%",
        "94.12%",
        "80.00%",
        "71.59%",
        "66.67%",
    ]


def test_a_study_of_values_has_none_of_it(view: View) -> None:
    """No part on texts, arms or questions where there is nothing of the kind."""
    assert {part["anchor"] for part in view("coin-flip-answers/index")["blocks"]} == {
        "answers-given",
        "other-temperatures",
    }


def test_hostile_texts_stay_texts_and_pages_stay_small(site: Path) -> None:
    """As completion, arm, prompt and field of the request."""
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert "<script" not in html
        assert "\u202e" not in html
        assert page.stat().st_size < MOST_BYTES, page


def test_every_anchor_is_there_once_and_leads_somewhere(site: Path) -> None:
    """Also where a page has parts on texts, on changes and on values at once; every file named is there."""
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        ids = re.findall(r'\sid="([^"]*)"', html)
        assert len(ids) == len(set(ids)), page
        assert all((page.parent / name).exists() for name in re.findall(r'href="([^":#]*\.csv)"', html)), page


def test_the_whole_of_a_long_completion_is_in_the_file_beside_the_page(site: Path) -> None:
    """Every character of half a million."""
    csv.field_size_limit(sys.maxsize)
    with (site / study_folder(HOSTILE) / "index.completions.csv").open(encoding="utf-8", newline="") as file:
        lengths = {len(row["text"]) for row in csv.DictReader(file)}
    assert {0, 500_000, 500_001} <= lengths
