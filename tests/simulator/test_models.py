"""The figures are the published ones, and every list is one that a provider could have sent."""

import json
import math
from collections import Counter
from pathlib import Path

import pytest

from simulator.models import FIGURES, Model, Outcome, exact_logprob, load_models

PUBLISHED = json.loads((Path(__file__).parents[1] / "data" / "vatter_2025.json").read_text("utf-8"))
MODELS = load_models()
LISTS = [
    pytest.param(outcome, id=f"{name}-{index}")
    for name, model in MODELS.items()
    for index, outcome in enumerate(outcome for regime in model.regimes for outcome in regime.outcomes)
]


def counts(model: Model) -> list[tuple[Outcome, int]]:
    """Each outcome of the first regime with its whole weight."""
    regime = model.regimes[0]
    before = (0.0, *regime.cumulative[:-1])
    return [(o, round(c - b)) for o, c, b in zip(regime.outcomes, regime.cumulative, before, strict=True)]


def pct(outcome: Outcome) -> float:
    """The followed token's probability in percent, as published."""
    return round(100 * math.exp(outcome.tokens[0].logprob), 10)


def test_gpt_4o_has_the_published_values_and_counts() -> None:
    """42 values, each as often as it was published."""
    seen: Counter[float] = Counter()
    for outcome, count in counts(MODELS["gpt-4o"]):
        seen[pct(outcome)] += count
    assert seen == {v["probability_pct"]: v["count"] for v in PUBLISHED["ten_thousand_flips"]["values"]}


def test_gpt_4o_keeps_the_published_fingerprints() -> None:
    """The totals, and which fingerprints each value was seen with."""
    totals: Counter[str | None] = Counter()
    seen_with: dict[float, set[str | None]] = {}
    for outcome, count in counts(MODELS["gpt-4o"]):
        totals[outcome.fingerprint] += count
        seen_with.setdefault(pct(outcome), set()).add(outcome.fingerprint)
    assert totals == PUBLISHED["ten_thousand_flips"]["fingerprint_totals"]
    for value in PUBLISHED["ten_thousand_flips"]["values"]:
        assert seen_with[value["probability_pct"]] == set(value["fingerprints"])


@pytest.mark.parametrize("run", ["top_20_first_run", "top_20_second_run"])
def test_the_published_lists_are_sent_as_they_are(run: str) -> None:
    """Token by token, to the last published digit."""
    published = [(row["token"], row["logprob"]) for row in PUBLISHED[run]]
    lists = [[(t, round(lp, 10)) for t, lp in outcome.tokens] for outcome in MODELS["gpt-4o"].regimes[0].outcomes]
    assert published in lists


def test_gpt_3_5_turbo_has_the_ten_published_repeats() -> None:
    """Each of the seven values as often as in ten repeats, followed token He, no fingerprint."""
    outcomes = counts(MODELS["gpt-3.5-turbo"])
    published = Counter(v["probability_pct"] for v in PUBLISHED["ten_repeats_gpt_3_5_turbo_0125"]["values"])
    assert {pct(outcome): count for outcome, count in outcomes} == published
    assert {(o.tokens[0].text, o.fingerprint) for o, _ in outcomes} == {("He", None)}


@pytest.mark.parametrize("outcome", LISTS)
def test_every_list_is_plausible(outcome: Outcome) -> None:
    """Twenty finite entries, likeliest first, that sum to at most 1."""
    logprobs = [token.logprob for token in outcome.tokens]
    assert len(logprobs) == 20
    assert logprobs == sorted(logprobs, reverse=True)
    assert all(math.isfinite(logprob) and logprob < 0 for logprob in logprobs)
    assert sum(map(math.exp, logprobs)) <= 1 + 1e-6


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-4o-mini", "control-steady", "control-changing"])
def test_gaps_lie_on_the_eighth_nat_grid(name: str) -> None:
    """As both published lists do."""
    for outcome in (o for regime in MODELS[name].regimes for o in regime.outcomes):
        steps = [(outcome.tokens[0].logprob - token.logprob) * 8 for token in outcome.tokens]
        assert all(abs(step - round(step)) < 1e-4 for step in steps)


def test_one_value_has_one_list() -> None:
    """However many fingerprints it was seen with."""
    lists = {(o.tokens[0].logprob, o.tokens) for o in MODELS["gpt-4o"].regimes[0].outcomes}
    assert len(lists) == 42


def test_every_figures_file_says_what_is_published_and_what_is_invented() -> None:
    """Nobody may take an invented number for a measured one."""
    for path in FIGURES.glob("*.json"):
        figures = json.loads(path.read_text("utf-8"))
        assert figures["source"]
        assert figures["published"]
        assert figures["invented"]


def test_a_published_percentage_comes_back_from_its_logprob() -> None:
    """In all ten decimals."""
    assert round(100 * math.exp(exact_logprob(96.2660836887)), 10) == 96.2660836887
