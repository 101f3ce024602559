"""The simulated models: the distributions that simulator/figures/ states, and the top-20 lists that belong to them."""

import datetime as dt
import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from simulator.draws import cumulated, weighted_index

FIGURES = Path(__file__).parent / "figures"
# The published percentages have ten decimals.
DECIMALS = 10
# The other tokens' gaps to the top token lie on this grid in both published lists.
TAIL_GRID_NAT = 0.125


class Token(NamedTuple):
    """One entry of a top-k list; `logprob` in nat."""

    text: str
    logprob: float


@dataclass(frozen=True)
class Outcome:
    """What one call meets: a backend's fingerprint, and the list of the first position, likeliest first."""

    fingerprint: str | None
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Regime:
    """A distribution over outcomes."""

    outcomes: tuple[Outcome, ...]
    cumulative: tuple[float, ...]
    voice: str
    """Whose texts it writes."""

    def draw(self, draw: float) -> Outcome:
        """The outcome that a uniform `draw` falls on."""
        return self.outcomes[weighted_index(self.cumulative, draw)]


@dataclass(frozen=True)
class Model:
    """A simulated model; a second regime holds from the day of the change on."""

    name: str
    served_as: str
    is_greedy: bool
    words: Mapping[str, Sequence[str]]
    regimes: tuple[Regime, ...]
    is_reasoning: bool = False
    """Whether it thinks first, and refuses what such models refuse."""
    batch_s: float = 0.0
    """How long requests gather to be served as one batch; the backend is then the batch's. 0: each alone."""

    def regime(self, day: dt.date, changes_on: dt.date) -> Regime:
        """The regime that holds on a day."""
        return self.regimes[-1] if day >= changes_on else self.regimes[0]


def choose(tokens: Sequence[Token], temperature: float, draw: float) -> int:
    """The index of a token drawn with weights p^(1/temperature); the likeliest (the first) at temperature 0."""
    if temperature <= 0:
        return 0
    top = tokens[0].logprob
    return weighted_index(cumulated([math.exp((token.logprob - top) / temperature) for token in tokens]), draw)


def load_models(figures: Path = FIGURES) -> dict[str, Model]:
    """Every model by its name, from one JSON file each."""
    models = (_model(json.loads(path.read_text("utf-8"))) for path in sorted(figures.glob("*.json")))
    return {model.name: model for model in models}


def _model(figures: dict[str, Any]) -> Model:
    lists = [[Token(text, logprob) for text, logprob in rows] for rows in figures["lists"]]
    # One for each regime; a model keeps its voice unless its figures say that another took its place.
    voices = figures.get("voices", [figures["model"]] * len(figures["regimes"]))
    return Model(
        name=figures["model"],
        served_as=figures["served_as"],
        is_greedy=figures["is_greedy"],
        words=figures["words"],
        regimes=tuple(
            _regime(values, lists, figures["grid_nat"], voice)
            for values, voice in zip(figures["regimes"], voices, strict=True)
        ),
        is_reasoning=figures.get("is_reasoning", False),
        batch_s=figures.get("batch_ms", 0) / 1000,
    )


def _regime(values: list[dict[str, Any]], lists: list[list[Token]], grid_nat: float | None, voice: str) -> Regime:
    outcomes, counts = [], []
    for value in values:
        tokens = top_list(value["probability_pct"], lists, grid_nat)
        for fingerprint, count in value["fingerprints"].items():
            outcomes.append(Outcome(fingerprint or None, tokens))
            counts.append(count)
    return Regime(tuple(outcomes), cumulated(counts), voice)


def as_sent(logprob: float) -> float:
    """The nearest float32, which is what providers send."""
    return float(struct.unpack("f", struct.pack("f", logprob))[0])


def exact_logprob(probability_pct: float) -> float:
    """The log-probability that gives the published percentage in all its decimals: a float32 wherever one does."""
    logprob = math.log(probability_pct / 100)
    sent = as_sent(logprob)
    return sent if round(100 * math.exp(sent), DECIMALS) == probability_pct else logprob


def top_list(probability_pct: float, lists: list[list[Token]], grid_nat: float | None) -> tuple[Token, ...]:
    """The list of a value: the stated one if there is one, otherwise the nearest one's tokens, moved to fit.

    The second token's gap is the multiple of `grid_nat` that the probability implies (without a grid: what is left
    after the tail), and the others move together until they fit into the mass that remains.
    """
    top = exact_logprob(probability_pct)
    shape = min(lists, key=lambda tokens: abs(tokens[0].logprob - top))
    gaps = [shape[0].logprob - token.logprob for token in shape]
    if as_sent(shape[0].logprob) != top:
        gaps = _moved(gaps, math.exp(top), grid_nat)
    texts = [token.text for token in shape]
    return (
        Token(texts[0], top),
        *(Token(text, as_sent(top - gap)) for text, gap in zip(texts[1:], gaps[1:], strict=True)),
    )


def _moved(gaps: list[float], p: float, grid_nat: float | None) -> list[float]:
    tail = sum(p * math.exp(-gap) for gap in gaps[2:])
    if grid_nat is None:
        return [0.0, math.log(p / (1 - p - tail)), *gaps[2:]]
    second = round(math.log(p / (1 - p)) / grid_nat) * grid_nat
    mass = 1 - p - p * math.exp(-second)
    shift = math.ceil(math.log(tail / mass) / TAIL_GRID_NAT) * TAIL_GRID_NAT
    return [0.0, second, *(_on_grid(gap) + shift for gap in gaps[2:])]


def _on_grid(gap: float) -> float:
    return round(gap / TAIL_GRID_NAT) * TAIL_GRID_NAT
