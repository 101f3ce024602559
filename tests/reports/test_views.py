"""What pages say, read from their views: figures and sentences before any HTML."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

View = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session")
def view(site: Path) -> View:
    """A page's view, by the page's path without its ending."""
    return lambda path: json.loads((site / f"{path}.json").read_text(encoding="utf-8"))


def test_ten_thousand_flips_are_answered_as_the_article_has_them(view: View) -> None:
    """42 values, 12 clusters, from 85.19% to 98.90%, the most frequent in a third of the calls."""
    (answer,) = view("ten-thousand-flips/index")["answers"]
    assert answer["sentences"] == [
        "gpt-4o-2024-08-06 gave 42 different probabilities of Heads in 10,000 identical calls, from 85.19% to 98.90%; "
        "the most frequent, 96.27%, in 34%.",
        "They fall into 12 clusters a quarter of a nat apart: the steps of a bfloat16 logit.",
        "Whether it changes takes a second day with samples.",
        "Two fingerprints served them: fp_eb9dce56a8 (52.3%), fp_f9f4fb6dbf (47.7%).",
        "The fingerprint hardly says which cluster a call gets: V = 0.15, p = 0.001; knowing it removes 1% of "
        "the uncertainty.",
    ]


def test_the_ladder_of_the_flips_has_a_rung_a_cluster(view: View) -> None:
    """From high to low, with the share of each, and every value below, a rule between clusters."""
    (ladder,) = view("ten-thousand-flips/index")["ladders"]
    assert [rung["range"] for rung in ladder["rungs"]][:2] == [
        "98.90084\N{EN DASH}98.90088%",
        "98.59310\N{EN DASH}98.59318%",
    ]
    assert [rung["share"] for rung in ladder["rungs"]][5] == "60.3%"
    assert len(ladder["rungs"]) == 12
    assert len(ladder["values"]) == 42
    assert sum(line["begins"] for line in ladder["values"]) == 12
    assert [item["text"] for item in ladder["legend"]] == ["fp_eb9dce56a8", "fp_f9f4fb6dbf"]


def test_how_sure_the_flips_are(view: View) -> None:
    """Coverage, unseen mass, values that exist, and the rarefied values of the golden numbers."""
    page = view("ten-thousand-flips/index")
    figures = {}
    for table in (page["sure"]["figure"]["table"], page["variety"]["table"]):
        figures |= dict(zip((column["title"] for column in table["columns"]), table["rows"][0], strict=True))
    assert (figures["most frequent"], figures["95% interval"]) == ("33.9%", "33.0\N{EN DASH}34.8%")
    assert figures["coverage"] == "99.91%"
    assert figures["unseen"] == "0.09%"
    assert figures["exist, at least"] == "60.0"
    assert (figures["in 100 calls"], figures["in 1,000 calls"]) == ("11.9", "22.8")


def test_a_quiet_series_says_that_nothing_varies(view: View) -> None:
    """One value in all calls is the answer, and the days on which another was seen are named."""
    sentences = {answer["label"]: answer["sentences"] for answer in view("local-coin/index")["answers"]}
    assert sentences["tiny-random · toss"][-5:] == [
        "Each of the 14 days shows 1 value.",
        "The most frequent value was seen on 6 of 14 days, from 2026-10-01 to 2026-10-06.",
        "It changed on 2 of 13 days that have days before them.",
        "On 2026-10-07, the distribution shifted by 0.0175 pp and none of its values was seen on quiet days before (q = 0.0001).",
        "On 2026-10-11, the distribution shifted by 0.708 pp and none of its values was seen on quiet days before (q = 0.0001).",
    ]
    day = view("local-coin/2026-10-01")["answers"][-1]["sentences"]
    assert day[0] == "tiny-random · toss gave the same probability of Heads, 35.08%, in all 50 identical calls."
    assert day[-1] == "No earlier day has data."


def test_a_day_stands_beside_the_day_before(view: View) -> None:
    """The change of 11 October is plain: no value is shared."""
    page = view("local-coin/2026-10-11")
    answer, ladder = (
        next(part for part in page[parts] if part["label"] == "tiny-random · coin") for parts in ("answers", "ladders")
    )
    assert answer["sentences"][-2:] == [
        "On 2026-10-10, the day before, it gave one value, 20.53%, over 50 calls.",
        "Against the 3 quiet days from 2026-10-07 to 2026-10-09, it changed: the distribution shifted by 0.0712 pp and "
        "none of its values was seen on quiet days before (q = 0.0001).",
    ]
    against = [row[1] for row in page["distances"]["table"]["rows"][:2]]
    assert against == ["2026-10-10", "3 days, 2026-10-07 to 2026-10-09"]
    assert page["compare"] == "flipbook compare local-coin@2026-10-10 local-coin@2026-10-11"
    assert ladder["rungs"][0]["before"] == "not seen"
    assert ladder["gone"] == "Only the day before had 1 cluster: 20.53% (100%)."
    assert (page["earlier"]["href"], page["later"]["href"]) == ("2026-10-10.html", "2026-10-12.html")


def test_missing_fingerprints_are_not_observable(view: View) -> None:
    """Never 0, never agreement."""
    words = "No answer names a fingerprint: which backend served it is not observable."
    assert view("local-coin/index")["fingerprints"] == {"sentences": [words], "figure": None}


def test_simulated_data_is_marked_on_every_page(view: View) -> None:
    """On the study, on its days, on the index and its rows; and nowhere else."""
    assert view("demo/index")["simulated"].startswith("Simulated data")
    assert view("demo/2026-09-03")["simulated"].startswith("Simulated data")
    index = view("index")
    assert index["simulated"] == "Simulated data: 1 of 7 studies come from a simulator, and are marked so."
    assert {group["title"]: group["is_simulated"] for group in index["studies"]}["demo"]
    assert view("local-coin/index")["simulated"] == ""


def test_changes_are_news_for_a_week(view: View) -> None:
    """One change is one sentence, with its day and reason; a series' first fingerprint is no news."""
    page = view("index")
    assert page["news"] == [
        "2026-10-13: demo, gpt-4o changed (fingerprint born: fp_new, fingerprint gone: fp_old).",
        "2026-10-11: local-coin, all 3 series changed (distribution, values), by up to 0.708 pp.",
    ]
    changes = {line["label"]: line["change"] for study in page["studies"] for line in study["series"]}
    assert changes["tiny-random · coin"] == "2026-10-11: distribution, values"
    assert changes["steady"] == "none seen"


def test_the_changes_of_a_study_are_drawn_and_tabled(view: View) -> None:
    """What the kinds seen mean, a row a series and day, and a mark on the figure of values."""
    (block,) = view("local-coin/index")["changes"]
    assert [words.split(":")[0] for words in block["paragraphs"][:2]] == ["A shifted distribution", "Other values"]
    rows = [row for row in block["figures"][0]["table"]["rows"] if row[-1] != "none"]
    assert [(row[0], row[-1]) for row in rows] == [
        *[("2026-10-07", "distribution, values")] * 3,
        *[("2026-10-11", "distribution, values")] * 3,
    ]


def test_the_two_most_frequent_lists_stand_side_by_side(view: View) -> None:
    """Twenty tokens of each."""
    (block,) = view("hi-x/index")["lists"]
    assert len(block["figures"][0]["table"]["rows"]) == 20
    assert "16 tokens in common" in block["figures"][0]["caption"]


def test_a_withheld_run_is_named_with_its_reason(view: View) -> None:
    """Its samples are in no figure, and the page exists to say so."""
    page = view("withheld/index")
    assert page["answers"] == []
    assert "sample is there once, observed 2 copies (1 unexpected)" in page["withheld"][0]
    assert page["quality"]["runs"][0]["is_withheld"]


def test_a_failed_warning_is_shown_and_withholds_nothing(view: View) -> None:
    """It stands with its run, in words."""
    page = view("demo/index")
    assert page["withheld"] == []
    assert page["quality"]["sentences"] == ["1 of 2 expectations does not hold, in 1 of 1 run."]
    assert page["quality"]["runs"][0]["failed"] == ["warning: latency is plausible, observed 12 s (1 unexpected)"]


def test_failed_calls_are_counted_by_kind(view: View) -> None:
    """In the lead, in the sentences, and by outcome and status on the day."""
    assert (
        view("demo/index")["lead"] == "2 models, 2 series, 84 calls from 2026-09-01 to 2026-10-14, of which 3 failed."
    )
    page = view("demo/2026-09-02")
    assert page["availability"]["sentences"] == [
        "3 of 12 calls failed (25.0%, 95% interval 8.9% to 53.2%).",
        "Every answer had what was asked for.",
    ]
    assert ["steady", "failed", "500", "3"] in [row[:4] for row in page["availability"]["figure"]["table"]["rows"]]


def test_no_failure_leaves_a_bound(view: View) -> None:
    """By the rule of three; where all calls failed, nothing is said of answers."""
    assert view("ten-thousand-flips/index")["availability"]["sentences"][0] == (
        "None of 10,000 calls failed: with 95% confidence fewer than 0.03% do."
    )
    assert view("dead/index")["availability"]["sentences"] == [
        "3 of 3 calls failed (100%, 95% interval 43.9% to 100.0%)."
    ]


def test_a_fingerprints_share_has_its_interval(view: View) -> None:
    """Over all days, on the day, and on a day without it by the rule of three."""
    lives = view("ten-thousand-flips/index")["fingerprints"]["figure"]["table"]["rows"]
    assert [row[5:7] for row in lives] == [["52.3%", "51.4\N{EN DASH}53.3%"], ["47.7%", "46.7\N{EN DASH}48.6%"]]
    rows = view("demo/2026-10-13")["fingerprints"]["figure"]["table"]["rows"]
    assert [row[1:] for row in rows] == [
        ["fp_old", "0", "not seen", "< 50.0%", "100%"],
        ["fp_new", "6", "100%", "61.0\N{EN DASH}100.0%", "not seen"],
    ]


def test_dependence_is_judged_on_study_and_day_pages(view: View) -> None:
    """Where there is one value a day it is not defined, elsewhere nothing speaks against independence."""
    words = [
        "No sign of dependence for tiny-random · please and tiny-random · coin, which few pairs would not show.",
        "Not defined for tiny-random · toss: that takes values that differ and come again.",
    ]
    assert view("local-coin/index")["independence"]["sentences"] == words
    assert view("local-coin/2026-10-01")["independence"]["sentences"][1] == words[1]
    assert view("dead/index")["independence"] == {"sentences": [], "figure": None}


def test_an_unknown_cost_is_unknown(view: View) -> None:
    """A model without a price makes the day's cost unknown; what is known is said."""
    words = view("demo/2026-09-02")["cost"]["sentences"][0]
    assert words == "What the calls cost is unknown for 1 series; those with a price cost $0.00021."


def test_a_series_without_values_is_not_observable(view: View) -> None:
    """All calls failed: no figure, no ladder, a sentence."""
    page = view("dead/index")
    assert page["answers"][0]["sentences"] == ["All 3 calls of m failed: nothing is known of its answers."]
    assert (page["values"], page["ladders"]) == (None, [])
    (line,) = next(group for group in view("index")["studies"] if group["title"] == "dead")["series"]
    assert (line["headline"], line["range"]) == ("not observable", "not observable")
