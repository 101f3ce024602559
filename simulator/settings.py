"""How a simulator is set up."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_CHANGES_ON = dt.date(2026, 3, 9)


@dataclass(frozen=True)
class Settings:
    """The options of the command line; times in seconds."""

    seed: int = 0
    latency_s: float = 0.0
    slow_s: float = 2.0
    retry_after_s: float = 1.0
    changes_on: dt.date = DEFAULT_CHANGES_ON
    key: str | None = None
    ledger: Path | None = None
    is_controlled: bool = False
    fault_rates: dict[str, float] = field(default_factory=dict)
    first_faults: dict[str, int] = field(default_factory=dict)
