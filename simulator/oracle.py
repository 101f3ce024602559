"""The simulator's memory: which model answers what, and the how-manieth answer to a request this is."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from simulator.answers import Draws, chosen_answer, coin_answer, coin_choice, outcome_met, prose_answer, voice_of
from simulator.asked import Asked
from simulator.models import Model, Outcome, load_models
from simulator.settings import Settings
from simulator.wire import Dialect, rendered


@dataclass
class Oracle:
    """Answers requests. Draws are keyed by seed, day, request and how often it was answered, so a day's counts do not
    depend on the order in which requests arrive, nor on the calls that failed in between.

    The counter begins at 0 in every process, so that a demo can be reproduced: a second simulator of the same seed
    draws the same for the same day again. Who wants two independent runs of one day keeps one simulator running, or
    gives the second another seed.
    """

    settings: Settings
    models: dict[str, Model] = field(default_factory=load_models)
    answered: Counter[tuple[dt.date, str]] = field(default_factory=Counter)

    def model(self, name: str) -> Model | None:
        """The model of this name, alias or dated."""
        found = self.models.get(name)
        return found or next((model for model in self.models.values() if model.served_as == name), None)

    def answer(self, model: Model, asked: Asked, day: dt.date, dialect: Dialect, batch: int | None) -> bytes:
        """The next answer to a request on a day, in a batch of so many calls, rendered without id and time."""
        tail = self.peek(model, asked, day, dialect, batch)
        self.answered[day, asked.request_id] += 1
        return tail

    def peek(self, model: Model, asked: Asked, day: dt.date, dialect: Dialect, batch: int | None) -> bytes:
        """What `answer` would give, without counting as an answer."""
        k = self.answered[day, asked.request_id]
        draws = Draws.of(self.settings.seed, day, asked, k)
        if batch is not None:
            draws = draws.in_batch_of(batch)
        regime = model.regime(day, self.settings.changes_on)
        outcome = outcome_met(regime, draws)
        if asked.is_coin:
            return self._coin_tail(model, asked, outcome, coin_choice(outcome, model, asked, draws), dialect)
        answer = chosen_answer if len(asked.choices) > 1 else prose_answer
        voice = voice_of(model, regime, asked, outcome, draws)
        return rendered(model.served_as, asked, answer(model, asked, outcome, voice), dialect)

    @staticmethod
    def _coin_tail(model: Model, asked: Asked, outcome: Outcome, choice: int, dialect: Dialect) -> bytes:
        key = (id(outcome), choice, dialect)
        tail = asked.rendered.get(key)
        if tail is None:
            answer = coin_answer(model, asked, outcome, choice)
            tail = asked.rendered[key] = rendered(model.served_as, asked, answer, dialect)
        return tail
