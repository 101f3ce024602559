"""The accounts: what was planned, paid for and kept, and whether anything was lost, kept twice or asked for again."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from drill.jobs import Life
from drill.reading import Answer, Books, Row

# How long a whole answer may wait in a busy process until it is written; a process that is killed then loses it.
UNWRITTEN_S = 3.0
# How long the simulator may go on sending to a process that is gone.
UNNOTICED_S = 1.0
# How long an answer takes that is begun when the simulator is killed, and never sent whole.
BEGUN_S = 3.0
OK = 200
CUT = "cut"
SERIES = ("run_id", "endpoint", "model", "arm", "prompt", "repeat")
Span = tuple[float, float]
"""From, until; in seconds since 1970."""


@dataclass(frozen=True)
class Ends:
    """What can have lost an answer in flight: the ends of processes. One that ended by itself loses nothing."""

    lives: Sequence[Life]
    widths: Mapping[str, int]
    """How many calls a run of each study has in flight at most."""
    full: Sequence[Span] = ()
    """When the disk was full: an answer was held until there was room."""
    of_endpoint: Sequence[float] = ()
    """When the simulator was killed, which cut off what it had begun to send."""

    @property
    def kills(self) -> list[tuple[float, Life]]:
        """When a process of a run was killed, and of which; in order."""
        return sorted(((at, life) for life in self.lives for at in life.kills), key=lambda kill: kill[0])

    def cut(self, answer: Answer) -> bool:
        """Whether an answer was cut off: by a fault, or because the simulator was killed before it had sent it whole."""
        if answer.fault == CUT:
            return True
        return answer.whole_at is None and any(0 <= at - answer.started_at <= BEGUN_S for at in self.of_endpoint)


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
    """Of the paid answers, those that a fault cut off, or the end of the simulator."""
    rows: int
    answered: int
    """Rows with an answer, malformed ones included."""
    retries: int
    in_flight: int
    """Paid answers that were not cut off and that no row has: their process was killed before it had written them."""
    kills: int
    """Processes of runs that were killed."""
    most_in_flight: int
    """Concurrency times those kills: what can have been lost in flight at most."""
    unexplained: tuple[str, ...]
    """Of those in flight, the ids of those that no kill explains."""
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
            f"{self.lost} lost: kept by nobody, and no kill explains it": self.lost,
            f"{self.double} double: in the warehouse more than once": self.double,
            f"{self.asked_again} asked again after a whole answer": self.asked_again,
            f"{self.unknown} rows whose answer nobody sent": self.unknown,
            f"{self.uncounted} rows that the marts do not count once": self.uncounted,
            f"{self.not_landed} runs that did not land": self.not_landed,
            f"{self.planned - self.completed} calls planned and not made": self.planned - self.completed,
        }
        return [f"{sentence}." for sentence, is_so in said.items() if is_so]


def account(books: Books, ends: Ends) -> Accounts:
    """The accounts."""
    calls = Counter(row["call"] for row in books.rows if row["call"])
    sent = {answer.call for answer in books.answers}
    without_row = [answer for answer in books.answers if answer.call not in calls]
    lost_in_flight = [answer for answer in without_row if not ends.cut(answer)]
    unexplained = _unexplained(lost_in_flight, ends)
    by_run = Counter(row["run_id"] for row in books.rows)
    missing = sum(max(0, run["attempted"] - by_run[run["run_id"]]) for run in books.runs)
    return Accounts(
        runs=len(books.runs),
        closed=sum(run["state"] != "complete" for run in books.runs),
        planned=sum(run["planned"] if run["state"] == "complete" else run["attempted"] for run in books.runs),
        completed=sum(run["attempted"] for run in books.runs),
        paid=len(books.answers),
        cut=len(without_row) - len(lost_in_flight),
        rows=len(books.rows),
        answered=sum(row["status"] == OK for row in books.rows),
        retries=sum(row["attempts"] - 1 for row in books.rows),
        in_flight=len(lost_in_flight),
        kills=len(ends.kills),
        most_in_flight=sum(ends.widths[life.job.study] for _, life in ends.kills),
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


def _unexplained(lost: Iterable[Answer], ends: Ends) -> list[Answer]:
    """Those that cannot have been in flight when a process of their study and day was killed.

    Each process had no more in flight than its study's width, and only what had just come.
    """
    left = [ends.widths[life.job.study] for _, life in ends.kills]
    unexplained = []
    for answer in sorted(lost, key=_sent_at):
        # The first kill takes it: those that came later can take what came later.
        explain = (
            index
            for index, (at, life) in enumerate(ends.kills)
            if left[index] and life.job == answer.job and _explains(at, life, answer, ends.full)
        )
        taker = next(explain, None)
        if taker is None:
            unexplained.append(answer)
        else:
            left[taker] -= 1
    return unexplained


def _explains(killed_at: float, life: Life, answer: Answer, full: Sequence[Span]) -> bool:
    """Whether the kill of a process can have lost an answer."""
    since = killed_at - UNWRITTEN_S
    for full_at, till in full:
        if full_at <= killed_at <= till + UNWRITTEN_S:
            since = min(since, full_at - UNWRITTEN_S)
    return max(life.asked_at, since) <= _sent_at(answer) <= killed_at + UNNOTICED_S


def _sent_at(answer: Answer) -> float:
    return answer.whole_at or answer.started_at
