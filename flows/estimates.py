"""Estimates, as the command line says them."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tasks.core.errors import UsageError
from tasks.core.prices import Estimate
from tasks.core.statistics import CONFIDENCE, samples_needed
from tasks.core.study import Study


@dataclass(frozen=True, slots=True)
class Detection:
    """What it takes to see a value of this frequency at least once, with 95% chance, in a series."""

    frequency: float
    samples: int
    days: int
    """Days of one run each, at the study's own samples."""


def detection(study: Study, frequency: float) -> Detection:
    """How many samples and days a frequency takes. Raises UsageError outside (0, 1)."""
    try:
        samples = samples_needed(frequency)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--detect takes a frequency between 0 and 1, such as 0.01, not {frequency:g}.") from error
    return Detection(frequency, samples, math.ceil(samples / study.samples))


def estimates_json(rows: Sequence[Estimate], detect: tuple[Detection, Sequence[Estimate]] | None = None) -> str:
    """For scripts: each target's estimate, and all dollars, which are null where one is unknown.

    `detect` adds the same at the samples that a frequency takes.
    """
    said = _as_dict(rows)
    if detect:
        needed, at_those = detect
        said["detect"] = {**asdict(needed), "chance": CONFIDENCE, **_as_dict(at_those)}
    return json.dumps(said)


def estimates_text(study: Study, rows: Sequence[Estimate]) -> str:
    """For people: a line for each target, and one for all."""
    return "\n".join([f"One run of {study.name}: {_calls(rows):,} calls.", *_lines(rows)])


def detection_text(study: Study, needed: Detection, rows: Sequence[Estimate]) -> str:
    """For people: the samples that a frequency takes, and what they take."""
    days = "one run" if needed.days == 1 else f"{needed.days:,} days of one run each"
    return "\n".join(
        [
            f"To see a value of frequency {needed.frequency:g} at least once, with {CONFIDENCE:.0%} chance: "
            f"{needed.samples:,} samples of each series.",
            f"At {study.samples:,} samples a day that is {days}; all at once it is {_calls(rows):,} calls.",
            *_lines(rows),
        ]
    )


def _as_dict(rows: Sequence[Estimate]) -> dict[str, Any]:
    return {"targets": [asdict(row) for row in rows], "usd": _together(rows)}


def _calls(rows: Sequence[Estimate]) -> int:
    return sum(row.calls for row in rows)


def _lines(rows: Sequence[Estimate]) -> list[str]:
    lines = []
    for row in rows:
        tokens = f"about {row.prompt_tokens:,} tokens sent, at most {row.completion_tokens:,} received"
        lines.append(f"{row.endpoint}/{row.model}: {row.calls:,} calls, {tokens}, {_dollars(row.usd)}")
    return [*lines, f"Together {_dollars(_together(rows))}."]


def _together(rows: Sequence[Estimate]) -> float | None:
    known = [row.usd for row in rows if row.usd is not None]
    return sum(known) if len(known) == len(rows) else None


def _dollars(usd: float | None) -> str:
    return "unknown cost: no price is declared" if usd is None else f"${usd:,.4f}"
