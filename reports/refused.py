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
    of_told = {(row.endpoint, row.model, row.arm) for row in told if refused_series(runs, row)}
    starts = [f"{endpoint}/{model}, arm {arm}: {f.NOT_OBSERVABLE}" for endpoint, model, arm in of_told]
    of_runs = [
        run.reason
        for run in runs
        if run.reason and run.reason.count(f": {f.NOT_OBSERVABLE}") > sum(start in run.reason for start in starts)
    ]
    of_embeddings = [
        f"{labels[row.key]}: embedding distances are {f.NOT_OBSERVABLE}, {row.embedding_model} says: {row.embedding_error}"
        for row in distances
        if row.embedding_error
    ]
    every = dict.fromkeys(_cut(f.visible(words)) for words in [*of_runs, *of_embeddings])
    return list(every)[:MOST]


def refused_series(runs: Sequence[RunRow], series: SeriesRow) -> list[str]:
    """What the endpoint said of one arm that it refused, in its own words, as the newest run reports it."""
    # As a run's reason begins: endpoint/model, arm NAME: not observable, refused with HTTP 400: its words.
    start = f"{series.endpoint}/{series.model}, arm {series.arm}: {f.NOT_OBSERVABLE}"
    for run in runs:
        _, found, rest = (run.reason or "").partition(start)
        if found:
            words = rest.split(f" {series.endpoint}/")[0].lstrip(", ")
            return [f"Its probabilities are {f.NOT_OBSERVABLE}: {_cut(f.visible(words))}"] if words else []
    return []


def _cut(words: str) -> str:
    return words if len(words) <= MOST_CHARACTERS else f"{words[:MOST_CHARACTERS]}…"
