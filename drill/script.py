"""The script of harm: which kind, when, and how bad. A seed says all of it but whom it meets, which depends on who is there."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be done to the system, as the table says it."""

    FLOW_KILLED = "kill -9 of a run's process"
    WORKER_KILLED = "kill -9 of a worker"
    SERVER_KILLED = "kill -9 of Prefect's server"
    DATABASE_KILLED = "kill -9 of PostgreSQL"
    DATABASE_STOPPED = "PostgreSQL shut down, and started again"
    ENDPOINT_KILLED = "kill -9 of the endpoint"
    JUDGE_KILLED = "kill -9 of a run's judge"
    RATE_LIMITED = "storm of 429"
    ERRORS = "storm of 500 and 503"
    HANGS = "calls that hang"
    CUT_OFF = "bodies cut off, connections dropped"
    MALFORMED = "malformed bodies"
    DISK_FULL = "spool disk full"
    WAREHOUSE_HELD = "warehouse locked by someone else"
    TWO_AT_ONCE = "a second run of the same study and day"
    CLOCK_JUMPS = "clock that jumps"


WEIGHTS = {
    Kind.FLOW_KILLED: 54,
    Kind.WORKER_KILLED: 12,
    Kind.SERVER_KILLED: 8,
    Kind.DATABASE_KILLED: 6,
    Kind.DATABASE_STOPPED: 4,
    Kind.ENDPOINT_KILLED: 10,
    Kind.JUDGE_KILLED: 8,
    Kind.RATE_LIMITED: 10,
    Kind.ERRORS: 8,
    Kind.HANGS: 8,
    Kind.CUT_OFF: 8,
    Kind.MALFORMED: 8,
    Kind.DISK_FULL: 14,
    Kind.WAREHOUSE_HELD: 14,
    Kind.TWO_AT_ONCE: 12,
    Kind.CLOCK_JUMPS: 16,
}


@dataclass(frozen=True)
class Harm:
    """One line of the script. `strength` and `pick` are in [0, 1): how bad it is, and which of the victims it meets."""

    at_s: float
    kind: Kind
    strength: float
    pick: float


def script(seed: int, harms: int, minutes: float, kinds: Sequence[Kind] = tuple(Kind)) -> list[Harm]:
    """So many harms within so many minutes, in order: of each kind its share, and at least one where there is room."""
    rng = random.Random(seed)
    deck = _deck(harms, kinds)
    rng.shuffle(deck)
    moments = sorted(rng.uniform(0, 60 * minutes) for _ in deck)
    return [Harm(at_s, kind, rng.random(), rng.random()) for at_s, kind in zip(moments, deck, strict=True)]


def _deck(harms: int, kinds: Sequence[Kind]) -> list[Kind]:
    deck = list(kinds)[:harms]
    while len(deck) < harms:
        # The kind that lacks most of its share.
        deck.append(min(kinds, key=lambda kind: (deck.count(kind) + 1) / WEIGHTS[kind]))
    return deck
