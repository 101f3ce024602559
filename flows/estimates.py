"""Estimates, as the command line says them."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tasks.core.endpoints import Endpoint
from tasks.core.errors import UsageError
from tasks.core.prices import EmbeddingEstimate, Estimate, estimate, estimate_embeddings
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


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run takes: its calls, and the embeddings of what they bring."""

    targets: Sequence[Estimate]
    embeddings: Sequence[EmbeddingEstimate]

    @property
    def calls(self) -> int:
        """Chat completions asked for."""
        return sum(row.calls for row in self.targets)

    @property
    def usd(self) -> float | None:
        """All dollars; None where one part is unknown."""
        parts = [*(row.usd for row in self.targets), *(row.usd for row in self.embeddings)]
        known = [usd for usd in parts if usd is not None]
        return sum(known) if len(known) == len(parts) else None


def taken(study: Study, endpoints: Mapping[str, Endpoint], samples: int | None = None) -> Taken:
    """What a run of a study takes, at so many `samples` a series (None: the study's own)."""
    return Taken(estimate(study, endpoints, samples), estimate_embeddings(study, endpoints, samples))


def estimates_json(run: Taken, detect: tuple[Detection, Taken] | None = None) -> str:
    """For scripts: each target's estimate, those of embeddings, and all dollars, which are null where one is unknown.

    `detect` adds the same at the samples that a frequency takes.
    """
    said = _as_dict(run)
    if detect:
        needed, at_those = detect
        said["detect"] = {**asdict(needed), "chance": CONFIDENCE, **_as_dict(at_those)}
    return json.dumps(said)


def estimates_text(study: Study, run: Taken) -> str:
    """For people: a line for each target and for embeddings, and one for all."""
    return "\n".join([f"One run of {study.name}: {run.calls:,} calls.", *_lines(run)])


def detection_text(study: Study, needed: Detection, run: Taken) -> str:
    """For people: the samples that a frequency takes, and what they take."""
    days = "one run" if needed.days == 1 else f"{needed.days:,} days of one run each"
    return "\n".join(
        [
            f"To see a value of frequency {needed.frequency:g} at least once, with {CONFIDENCE:.0%} chance: "
            f"{needed.samples:,} samples of each series.",
            f"At {study.samples:,} samples a day that is {days}; all at once it is {run.calls:,} calls.",
            *_lines(run),
        ]
    )


def _as_dict(run: Taken) -> dict[str, Any]:
    return {**asdict(run), "usd": run.usd}


def _lines(run: Taken) -> list[str]:
    lines = []
    for row in run.targets:
        tokens = f"about {row.prompt_tokens:,} tokens sent, at most {row.completion_tokens:,} received"
        lines.append(f"{row.endpoint}/{row.model}: {row.calls:,} calls, {tokens}, {_dollars(row.usd)}")
    for one in run.embeddings:
        texts = f"embeddings of at most {one.texts:,} completions, {one.tokens:,} tokens"
        lines.append(f"{one.endpoint}/{one.model}: {texts}, {_dollars(one.usd)}")
    return [*lines, f"Together {_dollars(run.usd)}."]


def _dollars(usd: float | None) -> str:
    return "unknown cost: no price is declared" if usd is None else f"${usd:,.4f}"
