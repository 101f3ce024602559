"""The embed stage: asks endpoints for embeddings of completions that have none. Nothing holds the warehouse meanwhile."""

import asyncio
import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.core.embeddings import parse_embeddings
from tasks.core.endpoints import Endpoint
from tasks.core.errors import FlipbookError, UsageError, WarehouseHeldError
from tasks.embedded import simulator_running
from tasks.limits import Brake
from tasks.provider import Provider
from tasks.retries import Retries
from tasks.settings import Settings
from tasks.sql_files import statement
from tasks.warehouse import Warehouse

# What is asked at once: far below OpenAI's 2,048 texts and 300,000 tokens.
MOST_TEXTS = 64
MOST_CHARACTERS = 60_000
# What an endpoint did not give is asked for again: for a study's last so many days that were sampled.
DAYS_BACK = 14
# A run has been sampled and waits to be counted: an endpoint that is down is not waited for as long as in sampling.
RETRIES = Retries(attempts=4)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A completion without an embedding."""

    endpoint: str
    embedding_model: str
    completion_id: str
    characters: int
    day: dt.date
    """One that has it."""
    is_new: bool
    """Whether it is of the days that landed; else it was missed before."""


@task(name="embed", task_run_name="embed", cache_policy=NO_CACHE, retries=0, persist_result=False)
def embed_completions(
    settings: Settings, studies: Sequence[str], days: Sequence[dt.date], endpoints: Mapping[str, Endpoint]
) -> list[str]:
    """`embed`, with the keys of this process's environment."""
    return embed(settings, studies, days, endpoints, os.environ)


def embed(
    settings: Settings,
    studies: Sequence[str],
    days: Sequence[dt.date],
    endpoints: Mapping[str, Endpoint],
    environment: Mapping[str, str],
) -> list[str]:
    """Embed the new completions of `studies` on `days`, where a study's latest run names an embedding model.

    After them come those that were missed on the last DAYS_BACK days of a study, so that these hold up nothing new.

    Each batch is kept at once in raw.embeddings. The first answer without embeddings is kept there too, in the
    provider's words, and ends its endpoint's part. Returns a sentence for each endpoint and model that did not give
    all. Raises WarehouseHeldError, and nothing for what an endpoint does.
    """
    with Warehouse.open(settings) as warehouse:
        parameters = {"studies": list(studies), "days": list(days), "days_back": DAYS_BACK}
        wanted = [Wanted(**row) for row in warehouse.rows(statement("embed/new_completions"), parameters)]
    sentences = []
    for (name, model), completions in groupby(wanted, attrgetter("endpoint", "embedding_model")):
        try:
            key = _known(endpoints, name).key(environment)
            work = _Work(settings, endpoints[name], key, model, list(completions), Brake())
            problem = work.done()
        except WarehouseHeldError:
            raise
        except FlipbookError as error:
            problem = str(error)
        if problem:
            sentences.append(f"No embeddings of {model!r} from endpoint {name!r}: {problem}")
    return sentences


def _known(endpoints: Mapping[str, Endpoint], name: str) -> Endpoint:
    if name not in endpoints:
        raise UsageError("it is not declared.")
    return endpoints[name]


@dataclass(frozen=True)
class _Work:
    """What is asked of one endpoint and model."""

    settings: Settings
    endpoint: Endpoint
    key: str | None
    model: str
    completions: list[Wanted]
    brake: Brake

    def done(self) -> str | None:
        """Ask for all; or say what came instead."""
        # A thread of its own, because a flow's event loop may be running in this one.
        with ThreadPoolExecutor(max_workers=1) as thread:
            try:
                return thread.submit(asyncio.run, self._ask()).result()
            except BaseException:
                self.brake.pull("stopped")
                raise

    async def _ask(self) -> str | None:
        running = simulator_running(self.endpoint.base_url) if self.endpoint.is_simulated else nullcontext()
        with running:
            latest = max(one.day for one in self.completions)
            provider = Provider(self.endpoint, self.key, day=latest, concurrency=1, retries=RETRIES)
            async with provider:
                for batch in batches(self.completions):
                    if problem := await self._ask_batch(provider, batch):
                        return problem
        return None

    async def _ask_batch(self, provider: Provider, batch: Sequence[Wanted]) -> str | None:
        ids = [one.completion_id for one in batch]
        texts = self._texts(batch)
        answer = await provider.embed(self.model, texts, self.brake)
        if answer is None:
            return self.brake.reason
        if answer.body is None:
            return self._keep(ids[:1], [None], answer.error)
        try:
            return self._keep(ids, parse_embeddings(answer.body, len(texts)), None)
        except ValueError as error:
            return self._keep(ids[:1], [None], f"{error}.")

    def _texts(self, batch: Sequence[Wanted]) -> list[str]:
        with Warehouse.open(self.settings) as warehouse:
            ids, days = [one.completion_id for one in batch], sorted({one.day for one in batch})
            rows = warehouse.rows(statement("embed/texts"), {"completion_ids": ids, "days": days})
        texts = {row["completion_id"]: row["text"] for row in rows}
        return [texts[one] for one in ids]

    def _keep(self, ids: Sequence[str], embeddings: Sequence[list[float] | None], error: str | None) -> str | None:
        """Append one row a completion, and pass on what went wrong."""
        rows = {
            "completion_ids": list(ids),
            "endpoint": self.endpoint.name,
            "embedding_model": self.model,
            "embeddings": list(embeddings),
            "error": error,
            "embedded_at": dt.datetime.now(dt.UTC),
        }
        with Warehouse.open(self.settings) as warehouse, warehouse.transaction():
            warehouse.execute(statement("embed/keep"), rows)
        return error


def batches(completions: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    """Completions, so many at once that no batch is too much for one request; a long one goes alone.

    What is new and what was missed never go together: what was may have been missed because nothing embeds it.
    """
    batch: list[Wanted] = []
    characters = 0
    for one in completions:
        characters += one.characters
        is_full = len(batch) == MOST_TEXTS or characters > MOST_CHARACTERS
        if batch and (is_full or one.is_new != batch[-1].is_new):
            yield batch
            batch, characters = [], one.characters
        batch.append(one)
    if batch:
        yield batch
