"""The figures are the published ones, and every list is one that a provider could have sent."""

import json
import math
from collections import Counter
from pathlib import Path

import pytest

from simulator.models import FIGURES, Model, Outcome, Regime, exact_logprob, load_models

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


def share_on_grid(regime: Regime, step_nat: float) -> float:
    """The share of all gaps to the top token that lie on a grid."""
    outcomes = regime.outcomes
    steps = [(o.tokens[0].logprob - token.logprob) / step_nat for o in outcomes for token in o.tokens[1:]]
    return sum(abs(step - round(step)) < 1e-4 for step in steps) / len(steps)


@pytest.mark.parametrize("name", sorted(MODELS.keys() - {"gpt-3.5-turbo", "control-hostile"}))
def test_gaps_lie_on_the_eighth_nat_grid(name: str) -> None:
    """As both published lists do; one control leaves it when it changes."""
    for regime in MODELS[name].regimes[: 1 if name == "control-regridded" else None]:
        assert share_on_grid(regime, 1 / 8) == 1


def shares(regime: Regime) -> dict[tuple[str | None, float], float]:
    """The share of each fingerprint and value."""
    before = (0.0, *regime.cumulative[:-1])
    weights = [(c - b) / regime.cumulative[-1] for c, b in zip(regime.cumulative, before, strict=True)]
    keys = [(outcome.fingerprint, outcome.tokens[0].logprob) for outcome in regime.outcomes]
    return dict(zip(keys, weights, strict=True))


def mean_pct(regime: Regime) -> float:
    """The mean probability of the followed token."""
    return sum(100 * math.exp(value) * share for (_, value), share in shares(regime).items())


def test_one_control_changes_its_fingerprint_alone() -> None:
    """Each value keeps its share."""
    before, after = map(shares, MODELS["control-new-fingerprint"].regimes)
    assert {value: share for (_, value), share in before.items()} == {v: share for (_, v), share in after.items()}
    assert not {fingerprint for fingerprint, _ in before} & {fingerprint for fingerprint, _ in after}


def test_one_control_changes_its_shares_alone() -> None:
    """The same values under the same fingerprint, and a mean that a hundred samples tell apart."""
    before, after = MODELS["control-shifted"].regimes
    assert shares(before).keys() == shares(after).keys()
    assert abs(mean_pct(before) - mean_pct(after)) > 0.5


def test_one_control_changes_its_grid_and_keeps_its_mean() -> None:
    """No value stays; all gaps lie on a finer grid, and hardly one on the old; the fingerprint stays."""
    before, after = MODELS["control-regridded"].regimes
    assert {fingerprint for fingerprint, _ in shares(before)} == {fingerprint for fingerprint, _ in shares(after)}
    assert not shares(before).keys() & shares(after).keys()
    assert (share_on_grid(after, 1 / 32), share_on_grid(after, 1 / 8)) == (1, 0)
    assert mean_pct(after) == pytest.approx(mean_pct(before), abs=1e-6)


def test_one_control_is_replaced_without_a_word() -> None:
    """No fingerprint, other probabilities, other tokens, and another voice under the same name."""
    model = MODELS["control-replaced"]
    before, after = model.regimes
    assert {fingerprint for regime in model.regimes for fingerprint, _ in shares(regime)} == {None}
    assert abs(mean_pct(before) - mean_pct(after)) > 20
    assert before.voice != after.voice
    tokens = [{token.text for o in regime.outcomes for token in o.tokens} for regime in model.regimes]
    assert len(tokens[0] & tokens[1]) < 10


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
