"""The accounts: what was planned, paid for and kept, and whether anything was lost, kept twice or asked for again."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from drill.jobs import Job, Life
from drill.reading import Answer, Books, Row

# How long a whole answer may wait in a busy process until it is written; a process that is killed then loses it.
UNWRITTEN_S = 3.0
# How long the simulator may go on sending to a process that is gone, and how late the end of one is seen.
UNNOTICED_S = 1.0
OK = 200
CUT = "cut"
FAILED = "Failed"
SERIES = ("run_id", "endpoint", "model", "arm", "prompt", "repeat")


@dataclass(frozen=True)
class Accounts:
    """The figures of a drill. Answers are those of the simulator that bear a status of 200."""

    runs: int
    closed: int
    """Runs that ended incomplete, because a clock said that their day was over."""
    planned: int
    """Calls of all runs; of one that was closed, those that it made."""
    completed: int
    """Calls that ended with an answer or with a failure that was kept."""
    paid: int
    cut: int
    """Of the paid answers, those that a fault cut off."""
    rows: int
    answered: int
    """Rows with an answer, malformed ones included."""
    retries: int
    in_flight: int
    """Paid answers that no row has and no fault cut off: their process ended before it had written them."""
    ends: int
    """Processes that ended, killed or by themselves, before their run was finished."""
    most_in_flight: int
    """Concurrency times those ends: what they can have lost in flight at most."""
    unexplained: tuple[str, ...]
    """Of those in flight, the ids of those that no such end explains."""
    lost: int
    double: int
    asked_again: int
    unknown: int
    """Rows with an answer that the simulator never sent."""
    uncounted: int
    """Rows that the marts do not count, or count twice."""
    not_landed: int

    @property
    def problems(self) -> list[str]:
        """What must not be, in words."""
        said = {
            f"{self.lost} lost: kept by nobody, and no end of a process explains it": self.lost,
            f"{self.double} double: in the warehouse more than once": self.double,
            f"{self.asked_again} asked again after a whole answer": self.asked_again,
            f"{self.unknown} rows whose answer nobody sent": self.unknown,
            f"{self.uncounted} rows that the marts do not count once": self.uncounted,
            f"{self.not_landed} runs that did not land": self.not_landed,
            f"{self.planned - self.completed} calls planned and not made": self.planned - self.completed,
        }
        return [f"{sentence}." for sentence, is_so in said.items() if is_so]


Span = tuple[float, float]
"""From, until; in seconds since 1970."""


def account(books: Books, lives: Iterable[Life], widths: Mapping[str, int], full: Sequence[Span] = ()) -> Accounts:
    """The accounts. `widths` says how many calls a run of each study has in flight at most; `full`, when the disk was."""
    calls = Counter(row["call"] for row in books.rows if row["call"])
    sent = {answer.call for answer in books.answers}
    lost_in_flight = [answer for answer in books.answers if answer.call not in calls and answer.fault != CUT]
    ended = [life for life in lives if life.ended_at is not None and not life.has_finished]
    unexplained = _unexplained(lost_in_flight, ended, widths, full)
    by_run = Counter(row["run_id"] for row in books.rows)
    missing = sum(max(0, run["attempted"] - by_run[run["run_id"]]) for run in books.runs)
    return Accounts(
        runs=len(books.runs),
        closed=sum(run["state"] != "complete" for run in books.runs),
        planned=sum(run["planned"] if run["state"] == "complete" else run["attempted"] for run in books.runs),
        completed=sum(run["attempted"] for run in books.runs),
        paid=len(books.answers),
        cut=sum(answer.fault == CUT for answer in books.answers),
        rows=len(books.rows),
        answered=sum(row["status"] == OK for row in books.rows),
        retries=sum(row["attempts"] - 1 for row in books.rows),
        in_flight=len(lost_in_flight),
        ends=len(ended),
        most_in_flight=sum(widths[life.job.study] for life in ended),
        unexplained=tuple(answer.call for answer in unexplained),
        lost=len({answer.call for answer in unexplained} | (books.spooled - calls.keys())) + missing,
        double=sum(calls.values()) - len(calls),
        asked_again=len(books.rows) - len({_place(row) for row in books.rows}),
        unknown=sum(row["status"] == OK and row["call"] not in sent for row in books.rows),
        uncounted=abs(len(books.rows) - books.counted),
        not_landed=books.not_landed,
    )


def _place(row: Row) -> tuple[object, ...]:
    """What a run asks once."""
    return tuple(row[name] for name in SERIES)


def _unexplained(
    lost: Iterable[Answer], ended: Iterable[Life], widths: Mapping[str, int], full: Sequence[Span]
) -> list[Answer]:
    """Those that cannot have been in flight when a process of their study and day ended.

    Each process had no more in flight than its study's width; and one that was killed, only what had just come.
    """
    by_job: dict[Job, list[Life]] = defaultdict(list)
    left: dict[int, int] = {}
    for life in sorted(ended, key=lambda life: life.ended_at or 0):
        by_job[life.job].append(life)
        left[id(life)] = widths[life.job.study]
    unexplained = []
    for answer in sorted(lost, key=_sent_at):
        # The first to end takes it: those that end later can take what comes later.
        taker = next((life for life in by_job[answer.job] if left[id(life)] and _explains(life, answer, full)), None)
        if taker is None:
            unexplained.append(answer)
        else:
            left[id(taker)] -= 1
    return unexplained


def _explains(life: Life, answer: Answer, full: Sequence[Span]) -> bool:
    """Whether the end of a process can have lost an answer."""
    at, until = _sent_at(answer), (life.ended_at or 0) + UNNOTICED_S
    if not life.asked_at <= at <= until:
        return False
    # One that says that it failed ended by itself, and was perhaps killed while it still said so.
    if life.killed_at is None or life.state == FAILED or at >= life.killed_at - UNWRITTEN_S:
        return True
    return any(since - UNWRITTEN_S <= at <= till + UNWRITTEN_S for since, till in full)


def _sent_at(answer: Answer) -> float:
    return answer.whole_at or answer.started_at
