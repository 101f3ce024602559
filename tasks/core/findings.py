"""What `flipbook doctor` finds: one thing looked at, in one sentence."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `is_needed` ones must be ok before anything runs."""

    what: str
    found: str
    is_ok: bool
    is_needed: bool = True

    def as_dict(self) -> dict[str, str | bool]:
        """For JSON."""
        return asdict(self)
