"""What a model answers: the positions of one completion, before it is put on the wire."""

import datetime as dt
from dataclasses import dataclass, replace
from itertools import islice
from typing import Self

from simulator.asked import MAX_TOP_LOGPROBS, Asked
from simulator.draws import hashed, uniform
from simulator.letters import letter_candidates
from simulator.models import Model, Outcome, Regime, Token, as_sent, choose
from simulator.prose import SENTENCE, Voice, spoken

# After the first piece of a word there is hardly a choice left; these lists are invented.
CERTAIN = Token("", as_sent(-1.9e-06))
REASONING_TOKENS = 64
ALONE = "alone"
# Enough for the reasons of some questions, and not of most, to have a place where two words are nearly tied.
NEAR_TIE_OF_REASONS = 0.03
REASONS = 2
BEFORE_LETTER = (" Answer", ":")
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
    reasoning_tokens: int = 0

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

    def in_batch_of(self, calls: int) -> Self:
        """The same draws in a batch of so many calls: one alone always meets the same backend, others seldom do.

        Batches are padded to powers of two, and with each doubling there is one more way to compute.
        """
        ways = 1 + (calls - 1).bit_length()
        return self if hashed(self.meeting, "way") % ways else replace(self, meeting=ALONE)


def outcome_met(regime: Regime, draws: Draws) -> Outcome:
    """The backend that a call meets."""
    return regime.draw(uniform(draws.meeting, "outcome"))


def coin_choice(outcome: Outcome, model: Model, asked: Asked, draws: Draws) -> int:
    """Which entry of the outcome's list is sampled."""
    temperature = 0.0 if model.is_greedy else asked.temperature
    return choose(outcome.tokens, temperature, uniform(draws.sampling, 0))


def coin_answer(model: Model, asked: Asked, outcome: Outcome, choice: int) -> Answer:
    """The answer that begins with the chosen token: the word that it begins, as far as the limit allows."""
    token = outcome.tokens[choice]
    pieces = list(model.words.get(token.text, [token.text]))
    positions = [Position(token, list(outcome.tokens)), *map(_certain, pieces[1:])]
    return _ended(model, asked, outcome, positions)


def voice_of(model: Model, regime: Regime, asked: Asked, outcome: Outcome, draws: Draws) -> Voice:
    """All that the text of a call depends on."""
    return Voice(
        model=regime.voice,
        prompt=asked.prompt,
        backend=outcome.tokens[0].logprob,
        draws=draws.sampling,
        temperature=0.0 if model.is_greedy else asked.temperature,
    )


def prose_answer(model: Model, asked: Asked, outcome: Outcome, voice: Voice) -> Answer:
    """A text of some sentences, as far as the limit allows."""
    said = islice(spoken(voice), asked.max_tokens)
    return _ended(model, asked, outcome, [Position(*one) for one in said])


def chosen_answer(model: Model, asked: Asked, outcome: Outcome, voice: Voice) -> Answer:
    """Two sentences, and then the letter of one of the choices."""
    reasons = islice(spoken(replace(voice, near_tie=NEAR_TIE_OF_REASONS)), REASONS * len(SENTENCE))
    letters = letter_candidates(voice, asked.choices)
    letter = letters[choose(letters, voice.temperature, uniform(voice.draws, "letter"))]
    positions = [*(Position(*one) for one in reasons), *map(_certain, BEFORE_LETTER), Position(letter, letters)]
    return _ended(model, asked, outcome, positions)


def _certain(piece: str) -> Position:
    token = CERTAIN._replace(text=piece)
    return Position(token, [token, *UNLIKELY][:MAX_TOP_LOGPROBS])


def _ended(model: Model, asked: Asked, outcome: Outcome, positions: list[Position]) -> Answer:
    if asked.max_tokens is None:
        return Answer(outcome.fingerprint, positions, "stop", model.is_reasoning * REASONING_TOKENS)
    # A model needs one more token to say that it has ended, so an answer of exactly as many was cut.
    reasoning = min(model.is_reasoning * REASONING_TOKENS, asked.max_tokens)
    room = asked.max_tokens - reasoning
    return Answer(outcome.fingerprint, positions[:room], "length" if len(positions) >= room else "stop", reasoning)
