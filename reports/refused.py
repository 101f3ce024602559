"""What an endpoint would not answer, in its own words: not observable, which is neither 0 nor agreement."""

from collections.abc import Mapping, Sequence

from reports import format as f
from reports.rows import RunRow
from reports.rows_of_texts import DistanceRow
from tasks.core.plan import SeriesKey

MOST = 6
MOST_CHARACTERS = 300


def refused_words(
    runs: Sequence[RunRow], distances: Sequence[DistanceRow], labels: Mapping[SeriesKey, str]
) -> list[str]:
    """Arms that runs report as refused, and embeddings that were; each sentence once, the newest first."""
    of_runs = [run.reason for run in runs if run.reason and f.NOT_OBSERVABLE in run.reason]
    of_embeddings = [
        f"{labels[row.key]}: embedding distances are {f.NOT_OBSERVABLE}, {row.embedding_model} says: {row.embedding_error}"
        for row in distances
        if row.embedding_error
    ]
    every = dict.fromkeys(_cut(f.visible(words)) for words in [*of_runs, *of_embeddings])
    return list(every)[:MOST]


def _cut(words: str) -> str:
    return words if len(words) <= MOST_CHARACTERS else f"{words[:MOST_CHARACTERS]}…"
