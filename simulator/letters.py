"""Which letter a multiple-choice question gets. All of it is invented: nothing here knows what is right.

Most questions have a letter that hardly anything moves. At every fifth, two letters are a step of 1/8 nat apart, and
the backend that a call meets decides between them, also at temperature 0.
"""

import math
import random
from collections.abc import Sequence

from simulator.draws import hashed
from simulator.models import Token, as_sent
from simulator.prose import STEP_NAT, Voice

STEPS_BETWEEN = 56
FLIPPING = 5


def letter_candidates(voice: Voice, letters: Sequence[str]) -> list[Token]:
    """The letters as tokens, likeliest first."""
    root = hashed(voice.root, "letter")
    order = random.Random(root).sample(letters, len(letters))
    noise = random.Random(hashed(root, voice.backend))
    first_gap = 1 if root % FLIPPING == 0 else STEPS_BETWEEN
    steps = [0, *(-first_gap - index * STEPS_BETWEEN for index in range(len(letters) - 1))]
    logits = [STEP_NAT * (step + noise.choice((-1, 0, 0, 1))) for step in steps]
    norm = math.log(sum(map(math.exp, logits)))
    tokens = [Token(f" {letter}", as_sent(logit - norm)) for letter, logit in zip(order, logits, strict=True)]
    return sorted(tokens, key=lambda token: -token.logprob)
