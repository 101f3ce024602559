"""What completions say and how far they agree."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import tasks.warehouse
from tasks.aggregate import aggregate, rebuild
from tasks.core.statistics import wilson_interval
from tasks.core.texts import edit_distances
from tasks.sql_files import statement
from tasks.warehouse import Warehouse

Marts = Callable[..., Callable[[str], list[dict[str, Any]]]]
MakeLine = Callable[..., dict[str, Any]]
Land = Callable[..., Any]
EDITED = {"model": "gpt-4o", "messages": [], "seed": 1, "logprobs": True, "top_logprobs": 2}
ANSWER = [("coin-flip", r"(?i)answer: *(\w+)")]


def texts(line: MakeLine, *said: str | None, **fields: Any) -> list[dict[str, Any]]:
    """One line a text, in the order of time."""
    return [line(text=text, **fields) for text in said]


def divergences(query: Callable[[str], list[dict[str, Any]]]) -> dict[str, tuple[int | None, int | None]]:
    """Where each text differs: in characters and in tokens."""
    rows = query(
        "select distinct text, divergence_chars, divergence_tokens "
        "from mart.divergence_by_day join mart.completion_counts_by_day using (day, prompt, completion_id)"
    )
    return {row["text"]: (row["divergence_chars"], row["divergence_tokens"]) for row in rows}


def test_completions_are_counted_by_period(marts: Marts, line: MakeLine) -> None:
    """texts_by_period: of a day, and over all days of the last request; how many came so many times, and how long."""
    query = marts(
        [
            *texts(line, "a", "a", "bb", "☕☕☕"),
            *texts(line, "a", "bb", None, day="2026-03-02"),
            *texts(line, "old", day="2026-03-01", prompt="edited", request=EDITED),
            *texts(line, "new", day="2026-03-02", prompt="edited"),
        ]
    )
    rows = query("from mart.texts_by_period where prompt <> 'edited' order by period nulls first")
    figures = [(row["answered"], row["unique_completions"], row["modal_n"], row["longest_chars"]) for row in rows]
    assert figures == [(6, 3, 3, 3), (4, 3, 2, 3), (2, 2, 1, 2)]
    assert [row["sizes"] for row in rows] == [{1: 1, 2: 1, 3: 1}, {1: 2, 2: 1}, {1: 2}]
    (edited,) = query("from mart.texts_by_period where prompt = 'edited' and period is null")
    assert edited["answered"] == 1


def test_completions_differ_first_where_they_differ(marts: Marts, line: MakeLine) -> None:
    """divergence_by_day: from 0; a proper prefix at its own length; in code points; null for the modal one."""
    said = ("the ☕ cup", "the ☕ cup", "the ☕ pot", "the", "", "A", "the ☕ cup!")
    assert divergences(marts(texts(line, *said))) == {
        "the ☕ cup": (None, None),
        "the ☕ pot": (6, None),
        "the": (3, None),
        "": (0, None),
        "A": (0, None),
        "the ☕ cup!": (9, None),
    }


def test_tokens_differ_where_the_lists_do(marts: Marts, line: MakeLine) -> None:
    """divergence_by_day: by completions' own token lists, also those of one token, which are not stored."""
    query = marts(
        [
            line(text="a b c", tokens=["a", " b", " c"]),
            line(text="a b c", tokens=["a", " b", " c"]),
            line(text="a b d", tokens=["a", " b", " d"]),
            line(text="a b", tokens=["a", " b"]),
            line(text="a", tokens=["a"]),
            line(text="b", tokens=["b"]),
            line(text="a b c e", tokens=["a", " b", " c", " e"]),
        ]
    )
    found = {text: tokens for text, (_, tokens) in divergences(query).items()}
    assert found == {"a b c": None, "a b d": 2, "a b": 2, "a": 1, "b": 0, "a b c e": 3}
    assert query("select count(*) as n from stg.completions") == [{"n": 4}]


def test_texts_that_differ_over_equal_token_lists_have_no_token_divergence(marts: Marts, line: MakeLine) -> None:
    """divergence_by_day: a server that lists the first token alone does not say where the texts part."""
    query = marts([line(text="one two", tokens=["one"]), line(text="one six", tokens=["one"])])
    assert divergences(query) == {"one two": (None, None), "one six": (4, None)}


def test_long_texts_are_compared_whole(marts: Marts, line: MakeLine) -> None:
    """divergence_by_day: a difference behind a million characters is found."""
    said = ("x" * 1_000_003, "x" * 1_000_003, "x" * 1_000_001 + "yz")
    assert set(divergences(marts(texts(line, *said))).values()) == {(None, None), (1_000_001, None)}


def test_modal_ties_go_to_the_earliest(marts: Marts, line: MakeLine) -> None:
    """divergence_by_day: of completions as common as each other; of equal times, the earlier repeat."""
    at = "2026-03-01T06:00:00Z"
    query = marts(texts(line, "b", "a", "c", requested_at=at))
    rows = query("select first_repeat, is_modal, is_first from mart.divergence_by_day order by first_repeat")
    assert [tuple(row.values()) for row in rows] == [(0, True, True), (1, False, False), (2, False, False)]


def test_agreement_by_hand(marts: Marts, line: MakeLine) -> None:
    """agreement_by_day: five completions, three of them equal, one call that failed."""
    said = texts(line, "heads", "heads", "hearts", "heads", "tails")
    query = marts([*said, line(status=500, response=None)])
    (row,) = query("from mart.agreement_by_day")
    assert (row["samples"], row["observed"], row["unique_completions"], row["modal_share"]) == (6, 5, 3, 0.6)
    assert (row["first_divergence_chars"], row["median_divergence_chars"], row["mean_tokens"]) == (0, 1.5, 1)
    measured = edit_distances(["heads", "hearts", "tails"], [3, 1, 1], "")
    assert (row["edit_distance_first"], row["edit_distance_pairs"]) == pytest.approx(measured)
    assert (row["mean_distance_first"], row["mean_distance_pairs"]) == (None, None)


def test_a_median_counts_each_completion_as_often_as_it_was_seen(marts: Marts, line: MakeLine) -> None:
    """agreement_by_day: at 1, 1, 1, 2 and 3 the middle one is 1."""
    (row,) = marts(texts(line, *["abcd"] * 4, *["ax"] * 3, "abx", "abcx"))("from mart.agreement_by_day")
    assert (row["first_divergence_chars"], row["median_divergence_chars"]) == (1, 1)


def test_no_one_and_equal_completions_are_defined(marts: Marts, line: MakeLine) -> None:
    """agreement_by_day: none has no row, one has no distance, equal ones are at distance 0."""
    query = marts(
        [
            *texts(line, None, prompt="none"),
            *texts(line, "a", prompt="one"),
            *texts(line, "a", "a", prompt="equal"),
            *texts(line, "", "", prompt="empty"),
        ]
    )
    rows = query(
        "select prompt, unique_completions, modal_share, first_divergence_chars, edit_distance_first, edit_distance_pairs "
        "from mart.agreement_by_day order by prompt"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("empty", 1, 1, None, 0, 0),
        ("equal", 1, 1, None, 0, 0),
        ("one", 1, 1, None, None, None),
    ]


def test_days_agree_within_their_last_request(marts: Marts, line: MakeLine) -> None:
    """agreement_by_day, answers_by_day: an edited request begins anew; two runs of one request count together."""
    later = {"request": EDITED, "requested_at": "2026-03-01T20:00:00Z"}
    query = marts(
        [*texts(line, "a", "b"), line(text="c", run_id="r1", **later), line(text="c", run_id="r2", repeat=9, **later)]
    )
    assert query("select observed, unique_completions from mart.agreement_by_day") == [
        {"observed": 2, "unique_completions": 1}
    ]
    assert query("select answer, n from mart.answers_by_day") == [{"answer": "c", "n": 2}]


def test_distances_are_measured_once(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """distance_inputs_by_day: a rebuild finds them in raw.tests; other completions, or other counts, are measured anew."""
    tests = "select count(*) as n from raw.tests where test = 'edit_distance_pairs'"
    for said, measured in ((("a", "b"), 1), (("a",), 2)):
        aggregate(warehouse, land(texts(line, *said)).days, [])
        rebuild(warehouse, [])
        assert warehouse.rows(tests) == [{"n": measured}]
    assert warehouse.rows("select round(edit_distance_pairs, 9) as d from mart.agreement_by_day") == [
        {"d": pytest.approx(2 / 3)}
    ]


def test_answers_are_what_the_pattern_finds(marts: Marts, line: MakeLine) -> None:
    """answers_by_day: the first group of the first match, trimmed; null is an answer that cannot be parsed."""
    said = ("Answer: B", "well, answer:  B.", "Answer: C, or answer: B", "no idea", "")
    query = marts(texts(line, *said), patterns=ANSWER)
    rows = query("select answer, n, observed from mart.answers_by_day order by answer nulls last")
    assert [tuple(row.values()) for row in rows] == [("B", 2, 5), ("C", 1, 5), (None, 2, 5)]


@pytest.mark.parametrize(
    ("pattern", "answers"),
    [
        ("[BC]", ["B", "C", None]),
        ("(?:is )([BC])|x", ["B", "C", None]),
        ("(B)|C", ["B", None, None]),
        ("is ([BC]?)", ["B", "C", None]),
        (None, ["it is B", "it is C", "it is"]),
        ("(not a pattern", ["it is B", "it is C", "it is"]),
    ],
)
def test_every_pattern_has_answers(marts: Marts, line: MakeLine, pattern: str, answers: list[str]) -> None:
    """answers_by_day: without a group the whole match; a group that took no part is no answer; no pattern, the text."""
    query = marts(texts(line, "it is B", "it is C", " it is\n"), patterns=[("coin-flip", pattern)] if pattern else [])
    rows = query("select answer from mart.divergence_by_day order by first_repeat")
    assert [row["answer"] for row in rows] == answers


def test_intervals_are_wilsons(marts: Marts, line: MakeLine) -> None:
    """answers_by_day: the core's own, both ends of 0 to 1 exact."""
    query = marts(
        [*texts(line, *["a"] * 7, "b", "b", "c"), *texts(line, *["a"] * 4, prompt="sure")],
    )
    rows = query("select n, observed, share, wilson_low, wilson_high from mart.answers_by_day")
    assert len(rows) == 4
    for row in rows:
        assert (row["wilson_low"], row["wilson_high"]) == pytest.approx(
            wilson_interval(row["n"], row["observed"]), abs=1e-12
        )
        assert row["share"] == row["n"] / row["observed"]
    assert max(row["wilson_high"] for row in rows) == 1


def test_total_agreement_by_hand(marts: Marts, line: MakeLine) -> None:
    """agreement_by_study: over four questions asked three times or more; the fifth was answered once."""
    query = marts(
        [
            *texts(line, "Answer: A", "Answer: A", "Answer: A", prompt="same"),
            *texts(line, "Answer: A", "So, answer: A", "Answer: A", "Answer: A", prompt="same-answer"),
            *texts(line, "Answer: A", "Answer: B", "Answer: A", prompt="flips"),
            *texts(line, "I refuse", "I refuse", "I refuse", prompt="unparsable"),
            *texts(line, "Answer: A", prompt="once"),
            line(prompt="once", status=500, response=None),
        ],
        patterns=ANSWER,
    )
    (row,) = query("from mart.agreement_by_study")
    assert (row["prompts"], row["repeats"]) == (4, 3)
    assert (row["tarr"], row["tarr_prompts"], row["tara"], row["tara_prompts"]) == (0.5, 2, 0.5, 2)


def test_without_a_pattern_answers_do_not_agree_or_disagree(marts: Marts, line: MakeLine) -> None:
    """agreement_by_study: tara is null; with one completion so is tarr."""
    query = marts([*texts(line, "a", "a"), *texts(line, "a", day="2026-03-02")])
    rows = query(
        "select prompts, repeats, tarr, tara, tarr_prompts, tara_prompts from mart.agreement_by_study order by day"
    )
    assert [tuple(row.values()) for row in rows] == [(1, 2, 1, None, 1, None), (0, None, None, None, 0, None)]


def test_another_pattern_restates_every_day(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """text_settings_by_study: the days that were made with the old one, too."""
    lines = [*texts(line, "Answer: A"), *texts(line, "Answer: B", day="2026-03-02")]
    days = land(lines).days
    aggregate(warehouse, days, [])
    aggregate(warehouse, days[1:], [], ANSWER)
    assert [row["answer"] for row in warehouse.rows("select answer from mart.answers_by_day order by day")] == [
        "A",
        "B",
    ]
    assert [row["answer_pattern"] for row in warehouse.rows("from mart.text_settings_by_study")] == [ANSWER[0][1]]


def test_first_tokens_stand_for_the_answers_they_begin(marts: Marts, line: MakeLine) -> None:
    """answer_tokens_overall: a completion that was cut off says nothing; the days of the last request count together."""
    tails = {"text": "Tails", "tokens": ["T", "ails"]}
    query = marts(
        [
            line(text="Heads", tokens=["Heads"]),
            line(**tails),
            line(**tails, day="2026-03-02"),
            line(text="T", tokens=["T"], finish_reason="length"),
            line(text="Tails"[:4], tokens=["T", "ail"], finish_reason="length"),
            line(text="silent", top={}),
        ]
    )
    rows = query("select token, answer, n from mart.answer_tokens_overall order by token")
    assert [tuple(row.values()) for row in rows] == [("Heads", "Heads", 1), ("T", "Tails", 2)]


def test_a_long_text_is_no_answer_that_a_token_stands_for(marts: Marts, line: MakeLine) -> None:
    """answer_tokens_by_day: 200 characters are; one more is not, or all days together would hold every text."""
    query = marts([line(text=token * length, tokens=[token, "…"]) for token, length in (("a", 200), ("b", 201))])
    assert query("select token, n from mart.answer_tokens_by_day") == [{"token": "a", "n": 1}]
    assert query("select token, n from mart.answer_tokens_overall") == [{"token": "a", "n": 1}]


def test_the_commonest_tokens_spell_a_completion(marts: Marts, line: MakeLine) -> None:
    """completion_counts_by_day: the same text can come in other tokens; it is one completion."""
    spelt = [["T", "ails"], ["Tail", "s"], ["T", "ails"]]
    query = marts(line(text="Tails", tokens=tokens, finish_reason="length") for tokens in spelt)
    rows = query("select first_token, truncated, n from mart.completion_counts_by_day")
    assert rows == [{"first_token": "T", "truncated": 3, "n": 3}]


def test_a_hole_in_a_token_list_makes_it_none(marts: Marts, line: MakeLine) -> None:
    """stg.completions: some servers list a token without its text."""
    query = marts([line(text="ab", tokens=["a", None]), line(text="ac", tokens=["a", "c"])])
    assert query("select tokens from stg.completions") == [{"tokens": ["a", "c"]}]


def test_a_second_landing_adds_to_its_day(warehouse: Warehouse, land: Land, line: MakeLine) -> None:
    """By day and all at once give the same."""
    tables = (
        "divergence_by_day",
        "agreement_by_day",
        "answers_by_day",
        "agreement_by_study",
        "answer_tokens_by_day",
        "answer_tokens_overall",
    )
    for day in (dt.date(2026, 3, 1), dt.date(2026, 3, 2)):
        aggregate(warehouse, land(texts(line, "a", "b", "b", day=str(day))).days, [])
    by_days = {table: warehouse.rows(f"from mart.{table} order by all") for table in tables}
    rebuild(warehouse, [])
    assert {table: warehouse.rows(f"from mart.{table} order by all") for table in tables} == by_days


def test_many_bodies_are_typed_part_by_part(
    warehouse: Warehouse, land: Land, line: MakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """stg.bodies: where they are more than what is parsed at once, each of them once."""
    monkeypatch.setattr(tasks.warehouse.opened, "statement", lambda name: statement(name).replace("33554432", "1000"))
    land(texts(line, *map(str, range(20))))
    assert len(warehouse.rows("select distinct part from new_bodies")) > 5
    rows = warehouse.rows("select outcome, text from stg.samples order by requested_at")
    assert [tuple(row.values()) for row in rows] == [("ok", str(number)) for number in range(20)]
    assert warehouse.rows("select count(*) as n from stg.bodies") == [{"n": 20}]
