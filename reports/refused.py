"""What an endpoint would not answer, in its own words: not observable, which is neither 0 nor agreement."""

from collections.abc import Mapping, Sequence

from reports import format as f
from reports.rows import SeriesRow
from reports.rows_of_calls import RunRow
from reports.rows_of_texts import DistanceRow
from tasks.core.plan import SeriesKey

MOST = 6
MOST_CHARACTERS = 300


def refused_words(
    runs: Sequence[RunRow],
    distances: Sequence[DistanceRow],
    labels: Mapping[SeriesKey, str],
    told: Sequence[SeriesRow] = (),
) -> list[str]:
    """Arms that runs report as refused, but for those of `told`, and embeddings that were; each once, the newest first."""
    of_runs = [
        run.reason
        for run in runs
        if run.reason
        and run.reason.count(f": {f.NOT_OBSERVABLE}") > len({_start(run.reason, row) for row in told} - {""})
    ]
    of_embeddings = [
        f"{labels[row.key]}: embedding distances are {f.NOT_OBSERVABLE}, {row.embedding_model} says: {row.embedding_error}"
        for row in distances
        if row.embedding_error
    ]
    every = dict.fromkeys(shortened(f.visible(words)) for words in [*of_runs, *of_embeddings])
    return list(every)[:MOST]


def refused_series(runs: Sequence[RunRow], series: SeriesRow) -> list[str]:
    """What the endpoint said of one series that it refused, in its own words, as the newest run reports it."""
    for run in runs:
        reason = run.reason or ""
        if start := _start(reason, series):
            words = reason.partition(start)[2].split(f" {series.endpoint}/")[0].lstrip(", ")
            return [f"Its probabilities are {f.NOT_OBSERVABLE}: {shortened(f.visible(words))}"] if words else []
    return []


def _start(reason: str, series: SeriesRow) -> str:
    """How a run's reason begins to speak of a series, whose arm is refused for all prompts or for some; "" where it does not.

    As in: endpoint/model, arm NAME, prompt ID, ID: not observable, refused with HTTP 400: its words.
    """
    arm = f"{series.endpoint}/{series.model}, arm {series.arm}"
    whole = f"{arm}: {f.NOT_OBSERVABLE}"
    if whole in reason:
        return whole
    for part in reason.split(f"{arm}, prompt ")[1:]:
        prompts, found, _ = part.partition(f": {f.NOT_OBSERVABLE}")
        if found and f", {series.prompt}, " in f", {prompts}, ":
            return f"{arm}, prompt {prompts}: {f.NOT_OBSERVABLE}"
    return ""


def shortened(words: str) -> str:
    """An endpoint's words, or a run's reason, as long as a paragraph may be."""
    return words if len(words) <= MOST_CHARACTERS else f"{words[:MOST_CHARACTERS]}…"
