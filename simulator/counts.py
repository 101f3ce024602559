"""What the simulator has been asked and has answered, as GET /stats tells it."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

# Enough for any test that asks which ids were answered; a long benchmark must not fill the memory with them.
KEPT_IDS = 200_000


@dataclass
class Counts:
    """Counters of one process. `answered` counts whole completions, spoilt ones included, and cut or hung ones not."""

    requests: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    embedded: int = 0
    """Texts whose embeddings were sent."""
    ids: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_IDS))

    def note(self, model: str, completion_id: str) -> None:
        """A completion that is sent whole."""
        self.answered[model] += 1
        self.ids.append(completion_id)

    def shown(self, with_ids: bool) -> dict[str, Any]:
        """The counters as JSON; the ids only where they are asked for."""
        stats: dict[str, Any] = {
            "requests": self.requests,
            "answered": self.answered.total(),
            "by_model": dict(self.answered),
            "faults": dict(self.faults),
            "embedded": self.embedded,
        }
        return stats | {"ids": list(self.ids)} if with_ids else stats
