"""A small sentence generator whose texts diverge for the reasons that a served model's do. All of it is invented.

At each position the candidates and their logits depend on the prompt and on the words before. The backend that a call
meets moves the two likeliest logits by at most one step of 1/8 nat, so at temperature 0 the text changes only where two
tokens are nearly tied. At a higher temperature tokens are sampled, with the request's seed if it has one: a seeded text
follows its twin for long, an unseeded one leaves it early. A longer text has more places to diverge.
"""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from simulator.draws import hashed, uniform
from simulator.models import Token, as_sent, choose

STEP_NAT = 0.125
CANDIDATES = 20
NEAR_TIE = 0.01
# In sentences: long enough for any study of lengths.
SHORTEST, LONGEST = 52, 64
KEPT_LISTS = 8192

# The places of a sentence, each with its words: more of them would not make it more real.
SENTENCE: tuple[list[str], ...] = tuple(json.loads(Path(__file__).with_name("words.json").read_text("utf-8")).values())


@dataclass(frozen=True)
class Voice:
    """All that a text depends on: model and prompt, the backend met, and the draws of this call."""

    model: str
    prompt: str
    backend: float
    draws: str
    temperature: float
    near_tie: float = NEAR_TIE
    """The share of places where the two likeliest words are nearly tied."""

    @property
    def root(self) -> int:
        """The key of the empty text."""
        return hashed(self.model, self.prompt)


def spoken(voice: Voice) -> Iterator[tuple[Token, list[Token]]]:
    """The tokens of a text in order, each with its list of candidates, likeliest first; it ends with a sentence."""
    key = voice.root
    for position in range(_length(key)):
        candidates = _candidates(key, position, voice.backend, voice.near_tie)
        token = candidates[choose(candidates, voice.temperature, uniform(voice.draws, position))]
        yield token, candidates
        key = hashed(key, token.text)


def _length(root: int) -> int:
    sentences = SHORTEST + root % (LONGEST - SHORTEST + 1)
    return sentences * len(SENTENCE)


# Kept, since the texts of one request share most of their places.
@lru_cache(maxsize=KEPT_LISTS)
def _candidates(key: int, position: int, backend: float, near_tie: float) -> list[Token]:
    rng = random.Random(key)
    words = rng.sample(SENTENCE[position % len(SENTENCE)], CANDIDATES)
    logits = [0.0, *_falling(rng, near_tie)]
    noise = random.Random(hashed(key, backend))
    for index in (0, 1):
        logits[index] += STEP_NAT * noise.choice((-1, 0, 0, 1))
    norm = math.log(sum(map(math.exp, logits)))
    space = " " if position else ""
    tokens = [Token(space + word, as_sent(logit - norm)) for word, logit in zip(words, logits, strict=True)]
    return sorted(tokens, key=lambda token: -token.logprob)


def _falling(rng: random.Random, near_tie: float) -> Iterator[float]:
    steps = 0 if rng.random() < near_tie else rng.randint(5, 28)
    for _ in range(CANDIDATES - 1):
        yield -STEP_NAT * steps
        steps += rng.randrange(8)
