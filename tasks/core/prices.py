"""What calls cost. A model without a price has an unknown cost, never 0."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.core.endpoints import Endpoint, Price, declared
from tasks.core.errors import UsageError
from tasks.core.plan import Series, series_of_study
from tasks.core.study import Study

# Four characters of text are about one token, and each message adds a few: enough for an estimate, never for a bill.
CHARACTERS_PER_TOKEN = 4
TOKENS_PER_MESSAGE = 4
# Where a request sets no limit, an estimate has to assume one.
ASSUMED_COMPLETION_TOKENS = 500

COMPLETION_LIMITS = ("max_completion_tokens", "max_tokens")


def price_of(endpoint: Endpoint, model: str) -> Price | None:
    """The declared price of a model. A dated name takes its alias's price where it has none of its own."""
    return declared(endpoint.prices, model)


def cost_usd(price: Price | None, prompt_tokens: float, completion_tokens: float) -> float | None:
    """Dollars for so many tokens; None where the price is unknown."""
    if price is None:
        return None
    return (prompt_tokens * price.input_usd_per_million + completion_tokens * price.output_usd_per_million) / 1e6


def estimated_tokens(series: Series) -> tuple[int, int]:
    """Prompt tokens, and completion tokens at most, of one call."""
    messages = series.body["messages"]
    prompt_tokens = sum(TOKENS_PER_MESSAGE + -(-len(m["content"]) // CHARACTERS_PER_TOKEN) for m in messages)
    limits = [series.body[name] for name in COMPLETION_LIMITS if isinstance(series.body.get(name), int)]
    return prompt_tokens, min(limits, default=ASSUMED_COMPLETION_TOKENS)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a target's part of a run will take; `usd` is None where the model has no price."""

    endpoint: str
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None


@dataclass(frozen=True, slots=True)
class EmbeddingEstimate:
    """What the embeddings of a run's completions will take at most, at one endpoint; `usd` as in `Estimate`."""

    endpoint: str
    model: str
    texts: int
    tokens: int
    usd: float | None


def estimate(study: Study, endpoints: Mapping[str, Endpoint], samples: int | None = None) -> list[Estimate]:
    """One estimate a target, before anything is sent, at so many `samples` a series (None: the study's own)."""
    samples = study.samples if samples is None else samples
    rows: dict[tuple[str, str], list[int]] = {}
    for series in series_of_study(study):
        row = rows.setdefault((series.key.endpoint, series.key.model), [0, 0, 0])
        prompt_tokens, completion_tokens = estimated_tokens(series)
        row[0] += samples
        row[1] += samples * prompt_tokens
        row[2] += samples * completion_tokens
    return [
        Estimate(endpoint, model, calls, sent, received, cost_usd(price_of(endpoints[endpoint], model), sent, received))
        for (endpoint, model), (calls, sent, received) in rows.items()
    ]


def estimate_embeddings(
    study: Study, endpoints: Mapping[str, Endpoint], samples: int | None = None
) -> list[EmbeddingEstimate]:
    """One estimate an endpoint, where the study has an embedding model: every completion once, each as long as it may be."""
    rows: dict[str, list[int]] = {}
    for target in estimate(study, endpoints, samples) if study.embedding_model else ():
        row = rows.setdefault(target.endpoint, [0, 0])
        row[0] += target.calls
        row[1] += target.completion_tokens
    model = study.embedding_model or ""
    return [
        EmbeddingEstimate(name, model, texts, tokens, embedding_usd(study, endpoints[name], tokens))
        for name, (texts, tokens) in rows.items()
    ]


def embedding_usd(study: Study, endpoint: Endpoint, tokens: float) -> float | None:
    """Dollars for the embeddings of so many tokens of completions: 0 where the study wants none, None without a price."""
    return cost_usd(price_of(endpoint, study.embedding_model), tokens, 0) if study.embedding_model else 0


def price_rows(endpoints: Mapping[str, Endpoint]) -> list[tuple[str, str, float, float]]:
    """Every declared price: endpoint, model, dollars per million tokens in and out."""
    return [
        (name, model, price.input_usd_per_million, price.output_usd_per_million)
        for name, endpoint in endpoints.items()
        for model, price in endpoint.prices.items()
    ]


def refuse_budget_without_price(study: Study, endpoints: Mapping[str, Endpoint]) -> None:
    """Raises UsageError where a budget is set and the price of a target, or of its embeddings, is unknown."""
    if study.budget_usd is None:
        return
    for target in study.targets:
        for model in (target.model, study.embedding_model):
            if model and price_of(endpoints[target.endpoint], model) is None:
                raise UsageError(
                    f"A budget needs a price: declare one for {model!r} "
                    f"under [{target.endpoint}.prices] in the endpoints file."
                )
