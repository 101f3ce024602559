"""One measured figure: a JSON line on standard output."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value, the floor it stands beside (same unit, same run), and what it must reach, in words and as a truth."""

    name: str
    value: float
    unit: str
    floor: float | None
    must: str
    is_met: bool

    def say(self) -> bool:
        """Print it; return whether it is met."""
        ratio = round(self.value / self.floor, 3) if self.floor else None
        line = asdict(self) | {
            "value": round(self.value, 3),
            "floor": self.floor and round(self.floor, 3),
            "ratio": ratio,
        }
        print(json.dumps(line), flush=True)
        return self.is_met
