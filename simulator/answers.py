"""What a model answers: the positions of one completion, before it is put on the wire."""

import datetime as dt
from dataclasses import dataclass
from itertools import islice
from typing import Self

from simulator.asked import MAX_TOP_LOGPROBS, Asked
from simulator.draws import uniform
from simulator.models import Model, Outcome, Regime, Token, as_sent, choose
from simulator.prose import Voice, spoken

# After the first piece of a word there is hardly a choice left; these lists are invented.
CERTAIN = Token("", as_sent(-1.9e-06))
UNLIKELY = [Token(text, as_sent(-14.0 - 0.25 * index)) for index, text in enumerate("\n.,!-;:')?/_*s&%#@~+=")]


@dataclass(frozen=True)
class Position:
    """One generated token and the list it was chosen from, likeliest first."""

    token: Token
    candidates: list[Token]


@dataclass(frozen=True)
class Answer:
    """One completion."""

    fingerprint: str | None
    positions: list[Position]
    finish_reason: str

    @property
    def text(self) -> str:
        """The content of the message."""
        return "".join(position.token.text for position in self.positions)


@dataclass(frozen=True)
class Draws:
    """The generator of one call. A request's own seed fixes how it samples, never which backend it meets."""

    meeting: str
    sampling: str

    @classmethod
    def of(cls, seed: int, day: dt.date, asked: Asked, k: int) -> Self:
        """The draws of the k-th answer to a request on a day."""
        call = f"{seed}/{day}/{asked.request_id}/{k}"
        return cls(call, call if asked.seed is None else f"{seed}/{asked.request_id}/seed {asked.seed}")


def outcome_met(regime: Regime, draws: Draws) -> Outcome:
    """The backend that a call meets."""
    return regime.draw(uniform(draws.meeting, "outcome"))


def coin_choice(outcome: Outcome, model: Model, asked: Asked, draws: Draws) -> int:
    """Which entry of the outcome's list is sampled."""
    temperature = 0.0 if model.is_greedy else asked.temperature
    return choose(outcome.tokens, temperature, uniform(draws.sampling, 0))


def coin_answer(model: Model, asked: Asked, outcome: Outcome, choice: int) -> Answer:
    """The answer that begins with the chosen token: the word that it begins, as far as `max_tokens` allows."""
    token = outcome.tokens[choice]
    pieces = list(model.words.get(token.text, [token.text]))
    positions = [Position(token, list(outcome.tokens)), *(_certain(piece) for piece in pieces[1:])]
    return _ended(outcome, positions, asked.max_tokens)


def prose_answer(model: Model, asked: Asked, outcome: Outcome, draws: Draws) -> Answer:
    """A text of some sentences, cut at `max_tokens`."""
    voice = Voice(
        model=model.name,
        prompt=asked.prompt,
        backend=outcome.tokens[0].logprob,
        draws=draws.sampling,
        temperature=0.0 if model.is_greedy else asked.temperature,
    )
    return _ended(outcome, [Position(*said) for said in islice(spoken(voice), asked.max_tokens)], asked.max_tokens)


def _certain(piece: str) -> Position:
    token = CERTAIN._replace(text=piece)
    return Position(token, [token, *UNLIKELY][:MAX_TOP_LOGPROBS])


def _ended(outcome: Outcome, positions: list[Position], max_tokens: int | None) -> Answer:
    # A model needs one more token to say that it has ended, so an answer of exactly max_tokens was cut.
    is_cut = max_tokens is not None and len(positions) >= max_tokens
    return Answer(outcome.fingerprint, positions[:max_tokens], "length" if is_cut else "stop")
