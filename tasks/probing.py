"""A few tiny real calls to each model that studies name, for `flipbook doctor --ask`."""

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from tasks import catalogue
from tasks.core import probes
from tasks.core.errors import FlipbookError, UsageError
from tasks.core.findings import Finding
from tasks.core.preflight import sent_to
from tasks.core.probes import Ability
from tasks.core.words import counted
from tasks.limits import Brake
from tasks.probed import Asked, of_endpoint, of_model, why_not
from tasks.provider import Answer, Provider
from tasks.retries import Retries
from tasks.settings import Settings

# Patience for a busy moment; an endpoint that is down is said soon.
RETRIES = Retries(attempts=3, first_wait_s=0.5, longest_wait_s=5)


def ask_endpoints(
    settings: Settings,
    environment: Mapping[str, str],
    names: Sequence[str],
    model: str | None,
    tell: Callable[[str], None],
) -> list[Finding]:
    """Ask the models of the catalogue at these endpoints (none named: at all whose key is set), or `model` there.

    Says what it will cost before. Raises UsageError for an endpoint that is not declared, whose key is not set, or
    where no study names a model.
    """
    chosen = _chosen(settings, environment, names, model)
    calls, dollars = sum(one.calls for one in chosen), [one.usd for one in chosen]
    known = sum(usd for usd in dollars if usd is not None)
    unknown = sum(usd is None for usd in dollars)
    unpriced = f", and what {counted(unknown, 'model')} without a price may cost" if unknown else ""
    tell(f"Asking {counted(len(chosen), 'model')}: at most {calls} calls and ${known:.4f}{unpriced}.")
    findings: list[Finding] = []
    for name in dict.fromkeys(one.endpoint.name for one in chosen):
        at_this = [one for one in chosen if one.endpoint.name == name]
        tell(f"{name}: {', '.join(one.model for one in at_this)}")
        findings += asyncio.run(_ask_endpoint(at_this, at_this[0].endpoint.key(environment)))
    return findings


def _chosen(settings: Settings, environment: Mapping[str, str], names: Sequence[str], model: str | None) -> list[Asked]:
    endpoints = catalogue.endpoints(settings)
    if unknown := [name for name in names if name not in endpoints]:
        raise UsageError(f"Endpoint {unknown[0]!r} is not declared; declared: {', '.join(sorted(endpoints))}.")
    if model and not names:
        raise UsageError("Say at which endpoint to ask that model: flipbook doctor --ask ENDPOINT --model MODEL.")
    for name in names:
        endpoints[name].key(environment)
    # The simulator can do everything, and may not be running: asked only by name.
    real = [name for name, endpoint in endpoints.items() if not endpoint.is_simulated]
    usable = [name for name in names or real if endpoints[name].has_key(environment)]
    found: dict[tuple[str, str], set[str]] = {(name, model): set() for name in usable} if model else {}
    for study in catalogue.deployments(settings).values():
        for target in sent_to(study, settings.endpoint).targets:
            key = (target.endpoint, model or target.model)
            if target.endpoint in usable and target.endpoint in endpoints:
                found.setdefault(key, set()).update({study.embedding_model} - {None})  # type: ignore[arg-type]
    if lonely := [name for name in names if all(endpoint != name for endpoint, _ in found)]:
        raise UsageError(f"No study names a model at endpoint {lonely[0]!r}: say one with --model.")
    if not found:
        raise UsageError(
            "There is no model to ask: set the key of an endpoint that a study names, or name an endpoint."
        )
    return [Asked(endpoints[name], asked, tuple(sorted(models))) for (name, asked), models in found.items()]


@dataclass
class _Interview:
    """The calls to one model."""

    provider: Provider
    asked: Asked
    answers: list[Answer] = field(default_factory=list)

    async def say(self, limit: Mapping[str, object], **fields: object) -> Answer:
        """One call."""
        body = {"model": self.asked.model, **probes.limited(limit, **fields)}
        return self._kept(await self.provider.ask(self.asked.model, orjson.dumps(body), probes.ANSWER_TOKENS, Brake()))

    async def embed(self, model: str) -> Answer:
        """One call to an embedding model."""
        return self._kept(await self.provider.embed(model, probes.EMBEDDED, Brake()))

    def _kept(self, answer: Answer | None) -> Answer:
        if answer is None:
            raise FlipbookError("The call was not made.")
        self.answers.append(answer)
        return answer

    async def abilities(self) -> list[Ability]:
        """What the model can do; nothing after the first call, where that was refused as a whole."""
        old = await self.say({"max_tokens": probes.OLD_LIMIT})
        if old.status == 0 or old.is_refusal or old.status >= 500:
            return []
        old_limit = probes.of_limit("max_tokens", probes.OLD_LIMIT, old)
        new = await self.say({"max_completion_tokens": probes.NEW_LIMIT})
        new_limit = probes.of_limit("max_completion_tokens", probes.NEW_LIMIT, new)
        room: dict[str, object] = (
            {"max_completion_tokens": probes.ROOM}
            if old_limit.has is False and new_limit.has
            else {"max_tokens": probes.OLD_LIMIT}
        )
        listed = await self.say(room, logprobs=True, top_logprobs=probes.LIST_LENGTH)
        cold = await self.say(room, temperature=0)
        seeded, again = await self.say(room, seed=42), await self.say(room, seed=42)
        plain = next((one for one in (old, new, seeded) if one.status == 200), old)
        vectors = [probes.of_embeddings(await self.embed(model)) for model in self.asked.embedding_models]
        return [
            probes.of_names(self.asked.model, plain),
            old_limit,
            new_limit,
            probes.of_logprobs(listed),
            probes.of_field("temperature", cold),
            probes.of_field("seed", seeded),
            *([probes.of_identity(seeded, again)] if seeded.status == again.status == 200 else []),
            *vectors,
        ]


async def _ask_endpoint(chosen: Sequence[Asked], key: str | None) -> list[Finding]:
    endpoint, findings, answers = chosen[0].endpoint, [], []
    today = dt.datetime.now(dt.UTC).date()
    async with Provider(endpoint, key, day=today, concurrency=1, retries=RETRIES) as provider:
        for asked in chosen:
            interview = _Interview(provider, asked)
            abilities = await interview.abilities()
            answers += interview.answers
            first = interview.answers[0]
            if abilities:
                findings += of_model(asked, abilities)
            else:
                findings.append(Finding(f"{endpoint.name}/{asked.model}", why_not(first), is_ok=False))
            if first.status in (0, 401):
                # The same for every other model here.
                break
    return [*of_endpoint(endpoint, answers), *findings]
