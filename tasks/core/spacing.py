"""The step that clusters stand apart by: the logit grid as it shows where no whole list does."""

import math
from collections.abc import Sequence

# As a cluster is explained: within 1% of a step of a multiple of it.
TOLERANCE = 0.01
STEPS_NAT = tuple(2.0**-k for k in range(8))
# Clusters at random places would all be explained by some step with less than this chance.
CHANCE = 0.001


def spacing_nat(gaps_nat: Sequence[float]) -> float | None:
    """The largest step 2^-k, down to 1/128 nat, that every gap is a multiple of; None where chance could give it.

    A gap at a random place lies within 1% of a multiple with a chance of 2%, for each of the steps tried.
    """
    distinct = {round(gap, 2) for gap in gaps_nat}
    for tried, step in enumerate(STEPS_NAT, start=1):
        if all(abs(gap - round(gap / step) * step) <= TOLERANCE * step for gap in gaps_nat):
            is_chance = not distinct or tried * (2 * TOLERANCE) ** len(distinct) > CHANCE
            return None if is_chance else step
    return None


def is_bfloat16(step_nat: float) -> bool:
    """Whether bfloat16 has this step at the magnitudes that logits have: 1/16 at 8 to 16, up to 1 at 128 to 256."""
    return 1 / 32 <= step_nat <= 1 and math.log2(step_nat).is_integer()
