"""The accounts find what is lost, double or asked for again: a drill that cannot fail would prove nothing."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from drill.accounts import Accounts, Ends, account
from drill.jobs import Job, Life
from drill.processes import Process
from drill.reading import Answer, Books

JOB = Job(dt.date(2026, 1, 1), "drill-coin")
WIDTHS = {"drill-coin": 2}
PLANNED = 5
KILLED_AT = 110.0
PROCESS = Process(1, 0, {})


def answer(call: str, at: float) -> Answer:
    """One that was sent whole at `at`."""
    return Answer(call=call, job=JOB, fault=None, started_at=at - 0.01, whole_at=at)


def row(repeat: int, call: str) -> dict[str, Any]:
    """A sample in the warehouse."""
    series = {"endpoint": "simulator", "model": "gpt-4o", "arm": "seed-42", "prompt": "flip"}
    return {"run_id": "run", **series, "repeat": repeat, "status": 200, "attempts": 1, "call": call}


@pytest.fixture
def books() -> Books:
    """A run of five calls: its process was killed after two answers, with one more in flight; the next one finished it."""
    kept = [100.0, 101.0, 130.0, 131.0, 132.0]
    run = {"run_id": "run", "state": "complete", "planned": PLANNED, "attempted": PLANNED}
    return Books(
        answers=[*(answer(f"call-{number}", at) for number, at in enumerate(kept)), answer("in flight", 109.5)],
        rows=[row(number, f"call-{number}") for number in range(PLANNED)],
        runs=[run],
        counted=PLANNED,
        spooled={f"call-{number}" for number in range(PLANNED)},
        not_landed=0,
    )


@pytest.fixture
def lives() -> list[Life]:
    """The killed one, and the one that finished."""
    killed = Life(JOB, 90, PROCESS, ended_at=KILLED_AT + 0.2, kills=[KILLED_AT], is_over=True, state="Crashed")
    return [killed, Life(JOB, 120, PROCESS, ended_at=140, is_over=True, state="Completed")]


@pytest.fixture
def of(books: Books, lives: list[Life]) -> Callable[..., Accounts]:
    """The accounts of these books, with some of them changed."""

    def make(**changed: Any) -> Accounts:
        return account(replace(books, **changed), Ends(lives, WIDTHS))

    return make


def test_an_answer_in_flight_at_a_kill_is_explained(of: Callable[..., Accounts]) -> None:
    """It was paid for, and is neither lost nor double."""
    accounts = of()
    assert (accounts.planned, accounts.completed, accounts.paid, accounts.rows) == (5, 5, 6, 5)
    assert (accounts.in_flight, accounts.kills, accounts.most_in_flight) == (1, 1, 2)
    assert accounts.problems == []


@pytest.mark.parametrize("at", [100.5, 115.0, 131.5])
def test_an_answer_that_nobody_kept_long_before_or_after_a_kill_is_lost(
    at: float, of: Callable[..., Accounts], books: Books
) -> None:
    """Not the kill explains it, and not the process that finished."""
    accounts = of(answers=[*books.answers, answer("gone", at)])
    assert (accounts.lost, accounts.unexplained) == (1, ("gone",))


def test_what_was_held_while_the_disk_was_full_went_with_a_kill(books: Books, lives: list[Life]) -> None:
    """Until there is room; after that it was written."""
    gone = replace(books, answers=[*books.answers, answer("held", 104.0)])
    for full, lost in (([], 1), ([(103.5, 109.0)], 0), ([(103.5, 104.2)], 1)):
        assert account(gone, Ends(lives, WIDTHS, full)).lost == lost


@pytest.mark.parametrize("state", ["Failed", "Crashed", "Completed", None])
def test_a_process_that_ended_by_itself_loses_nothing(state: str | None, books: Books, lives: list[Life]) -> None:
    """Whatever it said: it had the time to keep what had come."""
    ended = replace(lives[0], kills=[], state=state)
    assert account(books, Ends([ended, lives[1]], WIDTHS)).unexplained == ("in flight",)


def test_every_kill_of_a_run_explains_what_it_lost(books: Books, lives: list[Life]) -> None:
    """The process that sampled, and later the one that had looked after it."""
    lives[0].kills.append(KILLED_AT + 21)
    accounts = account(books, Ends(lives, WIDTHS))
    assert (accounts.kills, accounts.unexplained) == (2, ())


def test_the_end_of_the_endpoint_cuts_what_it_had_begun(books: Books, lives: list[Life]) -> None:
    """And nothing that it had sent whole, nor what it began long before."""
    begun = [replace(answer(call, at), whole_at=None) for call, at in (("begun", 103.0), ("long ago", 91.0))]
    accounts = account(replace(books, answers=[*books.answers, *begun]), Ends(lives, WIDTHS, of_endpoint=[103.1]))
    assert (accounts.cut, accounts.unexplained) == (1, ("long ago",))
    sent = account(replace(books, answers=[*books.answers, answer("sent", 103.0)]), Ends(lives, WIDTHS, (), [103.1]))
    assert sent.unexplained == ("sent",)


def test_more_answers_than_can_have_been_in_flight_are_lost(of: Callable[..., Accounts], books: Books) -> None:
    """The width is two: of four at one kill, two are too many."""
    more = [answer(f"more-{number}", KILLED_AT - 0.5) for number in range(3)]
    assert of(answers=[*books.answers, *more]).lost == 2


def test_a_body_that_was_cut_off_is_not_lost(of: Callable[..., Accounts], books: Books) -> None:
    """It was paid for, and rightly asked for again."""
    cut = Answer(call="cut", job=JOB, fault="cut", started_at=100.5, whole_at=None)
    accounts = of(answers=[*books.answers, cut])
    assert (accounts.lost, accounts.paid, accounts.cut) == (0, 7, 1)


def test_a_row_that_is_not_there_is_lost(of: Callable[..., Accounts], books: Books) -> None:
    """Its answer stands in the ledger and in the spool, and its run says that it made the call."""
    assert of(rows=books.rows[1:], counted=PLANNED - 1).lost == 2


def test_an_answer_that_is_there_twice_is_double(of: Callable[..., Accounts], books: Books) -> None:
    """Whatever else is right."""
    accounts = of(rows=[*books.rows, row(9, "call-0")], counted=PLANNED + 1)
    assert (accounts.double, accounts.asked_again) == (1, 0)


def test_two_answers_to_one_call_are_asked_again(of: Callable[..., Accounts], books: Books) -> None:
    """Even though each is there once."""
    accounts = of(
        answers=[*books.answers, answer("again", 131.5)], rows=[*books.rows, row(0, "again")], counted=PLANNED + 1
    )
    assert (accounts.double, accounts.asked_again, accounts.lost) == (0, 1, 0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"counted": 4}, "the marts do not count"),
        ({"not_landed": 1}, "did not land"),
        ({"answers": []}, "whose answer nobody sent"),
        ({"spooled": {"call-0", "only in the spool"}}, "1 lost"),
        ({"runs": [{"run_id": "run", "state": "complete", "planned": 6, "attempted": 5}]}, "planned and not made"),
    ],
)
def test_every_other_disagreement_is_a_problem(changed: dict[str, Any], said: str, of: Callable[..., Accounts]) -> None:
    """In words."""
    assert said in " ".join(of(**changed).problems)
