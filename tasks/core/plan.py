"""Which calls a study makes, and in which order."""

import random
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tasks.core.canonical import canonical_json, digest
from tasks.core.study import Arm, Prompt, Study, Target

# Arms of different concurrency alternate, each in so many blocks, or fewer where a block would hold less than
# `FULL_BLOCK` calls for each of those at once: it would be over before its concurrency was reached.
BLOCKS_PER_CONCURRENCY = 8
FULL_BLOCK = 2


class SeriesKey(NamedTuple):
    """The five columns that key every mart."""

    study: str
    endpoint: str
    model: str
    arm: str
    prompt: str


class Asked(NamedTuple):
    """What days must have in common to be compared: the request, and the token whose values are followed (None: the top)."""

    request_id: str
    follow: str | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One line over time: its key, the token it follows, and the one request it repeats."""

    key: SeriesKey
    follow: str | None
    body: dict[str, Any] = field(hash=False)
    concurrency: int

    @property
    def request_json(self) -> str:
        """The request as it is sent and kept: canonical JSON."""
        return canonical_json(self.body)

    @property
    def request_id(self) -> str:
        """The hash of the canonical body."""
        return digest(self.request_json)


@dataclass(frozen=True, slots=True)
class Block:
    """Calls that run together, at most `concurrency` at once, each a (series, repeat)."""

    concurrency: int
    calls: tuple[tuple[Series, int], ...]


def request_body(prompt: Prompt, model: str, arm: Arm) -> dict[str, Any]:
    """The body of one request; what an arm leaves empty is not in it."""
    body: dict[str, Any] = {"model": model, "messages": [message.model_dump() for message in prompt.messages]}
    for name in ("temperature", "seed", "max_tokens"):
        if (value := getattr(arm, name)) is not None:
            body[name] = value
    if arm.top_logprobs is not None:
        # Both, always: some servers answer `logprobs: null` to either alone.
        body |= {"logprobs": True, "top_logprobs": arm.top_logprobs}
    return body | arm.body


def series_of_target(study: Study, target: Target) -> tuple[Series, ...]:
    """The series of one target: its arms x prompts."""
    return tuple(
        Series(
            key=SeriesKey(study.name, target.endpoint, target.model, arm.name, prompt.name),
            follow=target.follow,
            body=request_body(prompt, target.model, arm),
            concurrency=arm.concurrency or study.concurrency,
        )
        for arm in study.arms
        for prompt in study.prompts
    )


def series_of_study(study: Study) -> tuple[Series, ...]:
    """Every series of a study."""
    return tuple(series for target in study.targets for series in series_of_target(study, target))


def blocks_of_target(study: Study, target: Target, seed: str) -> tuple[Block, ...]:
    """The calls of one target in the order they are made.

    A shuffle seeded by `seed` (the run id) across arms, prompts and repeats, so that no arm gets the morning to itself.
    Arms of different concurrency cannot be mixed: they run as alternating blocks, in seeded order.
    """
    rng = random.Random(f"{seed}/{target.endpoint}/{target.model}")
    by_concurrency: dict[int, list[tuple[Series, int]]] = {}
    for series in series_of_target(study, target):
        calls = by_concurrency.setdefault(series.concurrency, [])
        calls.extend((series, repeat) for repeat in range(study.samples))
    for calls in by_concurrency.values():
        rng.shuffle(calls)
    return tuple(_alternating(by_concurrency, rng))


def _alternating(by_concurrency: dict[int, list[tuple[Series, int]]], rng: random.Random) -> list[Block]:
    placed = []
    for concurrency, calls in by_concurrency.items():
        blocks = _blocks(concurrency, calls) if len(by_concurrency) > 1 else [Block(concurrency, tuple(calls))]
        placed += [((index + rng.random()) / len(blocks), block) for index, block in enumerate(blocks)]
    return [block for _, block in sorted(placed, key=lambda place: place[0])]


def _blocks(concurrency: int, calls: list[tuple[Series, int]]) -> list[Block]:
    """The calls of one concurrency in equal parts."""
    blocks = max(1, min(BLOCKS_PER_CONCURRENCY, len(calls) // (FULL_BLOCK * concurrency)))
    return [Block(concurrency, tuple(calls[index::blocks])) for index in range(blocks)]
