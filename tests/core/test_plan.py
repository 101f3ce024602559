"""Which calls a study makes, and in which order."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tasks.core.canonical import request_id
from tasks.core.plan import BLOCKS_PER_CONCURRENCY, blocks_of_target, request_body, series_of_study, series_of_target
from tasks.core.study import Arm, Message, Prompt, Study, Target

GPT, HAIKU = Target(endpoint="openai", model="gpt-4o", follow="Heads"), Target(endpoint="other", model="haiku")
ARMS = (Arm(name="seed", seed=1), Arm(name="wide", concurrency=32), Arm(name="none"))
PROMPTS = tuple(Prompt(name=name, messages=(Message(content=name),)) for name in ("flip", "toss"))


def study(**fields: Any) -> Study:
    """Two prompts, two targets and three arms, one of them wider."""
    return Study(**({"name": "s", "prompts": PROMPTS, "targets": (GPT, HAIKU), "arms": ARMS, "samples": 20} | fields))


def calls(study: Study, seed: str = "run-1", target: Target = GPT) -> list[tuple[str, str, int]]:
    """The arm, prompt and repeat of each call, in order."""
    return [
        (series.key.arm, series.key.prompt, repeat)
        for block in blocks_of_target(study, target, seed)
        for series, repeat in block.calls
    ]


@given(samples=st.integers(1, 40), arms=st.sets(st.integers(1, 4), min_size=1), seed=st.text())
def test_every_series_and_repeat_is_called_once(samples: int, arms: set[int], seed: str) -> None:
    """Whatever the widths of the arms."""
    chosen = study(samples=samples, arms=tuple(Arm(name=f"a{width}", concurrency=width) for width in arms))
    counted = Counter(calls(chosen, seed))
    expected = {(arm.name, prompt.name, n) for arm in chosen.arms for prompt in PROMPTS for n in range(samples)}
    assert counted.keys() == expected
    assert set(counted.values()) == {1}


def test_the_order_is_shuffled_and_seeded() -> None:
    """The same run has the same order, another run and another target have others, and none is sorted."""
    assert calls(study()) == calls(study())
    assert calls(study()) != calls(study(), "run-2")
    assert calls(study()) != calls(study(), target=HAIKU)
    one_width = calls(study(arms=ARMS[:1]))
    assert one_width != sorted(one_width)
    assert {prompt for _, prompt, _ in one_width[:20]} == {"flip", "toss"}


def test_arms_of_one_width_are_one_block() -> None:
    """They are mixed, so that no arm gets the morning to itself."""
    (block,) = blocks_of_target(study(arms=(ARMS[0], ARMS[2])), GPT, "run-1")
    assert block.concurrency == 16
    assert {series.key.arm for series, _ in block.calls[:20]} == {"seed", "none"}


def test_arms_of_different_width_alternate() -> None:
    """Each alone, in rounds that have every width once, in an order that is not always the same."""
    widths = [block.concurrency for block in blocks_of_target(study(samples=300), GPT, "run-1")]
    rounds = [tuple(widths[index : index + 2]) for index in range(0, len(widths), 2)]
    assert len(rounds) == BLOCKS_PER_CONCURRENCY
    assert all(set(round_) == {16, 32} for round_ in rounds)
    assert len(set(rounds)) == 2


def test_a_block_is_long_enough_to_reach_its_width() -> None:
    """Two calls for each of those at once; an arm with fewer calls than that has one block, all at once."""
    arms = tuple(Arm(name=f"at-{width}", concurrency=width) for width in (1, 8, 64))
    blocks = blocks_of_target(study(arms=arms, samples=64), GPT, "run-1")
    assert Counter(block.concurrency for block in blocks) == {1: 8, 8: 8, 64: 1}
    assert all(len(block.calls) >= 2 * block.concurrency for block in blocks)
    few = blocks_of_target(study(arms=arms, samples=2), GPT, "run-1")
    assert Counter(block.concurrency for block in few) == {1: 2, 8: 1, 64: 1}


def test_a_request_says_only_what_the_arm_says() -> None:
    """Log-probabilities are asked for with both fields, and other fields go in as they are."""
    assert request_body(PROMPTS[0], "m", Arm()) == {
        "model": "m",
        "messages": [{"role": "user", "content": "flip"}],
    }
    arm = Arm(temperature=0, seed=42, max_tokens=1, top_logprobs=0, body={"reasoning_effort": "low"})
    assert request_body(PROMPTS[0], "m", arm).items() >= {
        ("temperature", 0),
        ("seed", 42),
        ("max_tokens", 1),
        ("logprobs", True),
        ("top_logprobs", 0),
        ("reasoning_effort", "low"),
    }


def test_series_are_targets_by_arms_by_prompts() -> None:
    """Each with its five keys, its token, its width and the id of its request."""
    assert len(series_of_study(study())) == 12
    first = series_of_target(study(), GPT)[0]
    assert first.key == ("s", "openai", "gpt-4o", "seed", "flip")
    assert (first.follow, first.concurrency) == ("Heads", 16)
    assert first.request_id == request_id(first.body)
    assert len({series.key for series in series_of_study(study())}) == 12
