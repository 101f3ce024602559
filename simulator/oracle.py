"""The simulator's memory: which model answers what, and the how-manieth answer to a request this is."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from simulator.answers import Draws, coin_answer, coin_choice, outcome_met, prose_answer
from simulator.asked import Asked
from simulator.models import Model, Outcome, load_models
from simulator.settings import Settings
from simulator.wire import Dialect, rendered


@dataclass
class Oracle:
    """Answers requests. Draws are keyed by seed, day, request and how often it was answered, so a day's counts do not
    depend on the order in which requests arrive, nor on the calls that failed in between."""

    settings: Settings
    models: dict[str, Model] = field(default_factory=load_models)
    answered: Counter[tuple[dt.date, str]] = field(default_factory=Counter)

    def model(self, name: str) -> Model | None:
        """The model of this name, alias or dated."""
        found = self.models.get(name)
        return found or next((model for model in self.models.values() if model.served_as == name), None)

    def answer(self, model: Model, asked: Asked, day: dt.date, dialect: Dialect) -> bytes:
        """The next answer to a request on a day, rendered without id and time."""
        tail = self.peek(model, asked, day, dialect)
        self.answered[day, asked.request_id] += 1
        return tail

    def peek(self, model: Model, asked: Asked, day: dt.date, dialect: Dialect) -> bytes:
        """What `answer` would give, without counting as an answer."""
        k = self.answered[day, asked.request_id]
        draws = Draws.of(self.settings.seed, day, asked, k)
        outcome = outcome_met(model.regime(day, self.settings.changes_on), draws)
        if not asked.is_coin:
            return rendered(model.served_as, asked, prose_answer(model, asked, outcome, draws), dialect)
        return self._coin_tail(model, asked, outcome, coin_choice(outcome, model, asked, draws), dialect)

    @staticmethod
    def _coin_tail(model: Model, asked: Asked, outcome: Outcome, choice: int, dialect: Dialect) -> bytes:
        key = (id(outcome), choice, dialect)
        tail = asked.rendered.get(key)
        if tail is None:
            answer = coin_answer(model, asked, outcome, choice)
            tail = asked.rendered[key] = rendered(model.served_as, asked, answer, dialect)
        return tail
