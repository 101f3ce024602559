"""Which arms are the two sides of a factor."""

import json

from tasks.core.arms import settings

CROSSED = {
    "both": {"seed": 123, "temperature": 0},
    "seed": {"seed": 123},
    "zero": {"temperature": 0},
    "neither": {},
}


def test_the_arms_of_a_factor_are_paired_at_each_level_of_the_other() -> None:
    """What is set first, what is not set last."""
    made = settings({arm: json.dumps(body) for arm, body in CROSSED.items()}, None)
    assert made.factors == ("seed", "temperature")
    assert made.pairs("seed") == [("both", "zero"), ("seed", "neither")]
    assert made.pairs("temperature") == [("both", "seed"), ("zero", "neither")]
