"""What a model is asked to find out what it can do: the requests, and what their answers say. Pure.

An endpoint that calls itself compatible may refuse a field, leave out what was asked for, or take no notice of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tasks.core.endpoints import Capability

# Some sixty tokens: longer than the limits below, so that one that is ignored shows.
MESSAGES = [{"role": "user", "content": "Count from one to forty in English words, without digits."}]
ANSWER_TOKENS = 100
OLD_LIMIT, NEW_LIMIT = 8, 32
# Enough for a reasoning model to come to its answer.
ROOM = 400
LIST_LENGTH = 20
EMBEDDED = ["Heads", "Tails"]
# What stands for "very unlikely" at some servers; and what rounding may leave above zero.
SENTINEL, ROUNDING = -9999, 1e-6


class Said(Protocol):
    """How a call ended: the HTTP status (0: no response), a success's body, a failure's words."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def body(self) -> str | None:
        """A success's body."""

    @property
    def error(self) -> str | None:
        """Why it failed."""


@dataclass(frozen=True, slots=True)
class Ability:
    """What one answer says about one thing. `has` is None where it says nothing certain."""

    name: str
    has: bool | None
    found: str
    is_odd: bool = False
    """Whether it is not as OpenAI does it, and a page will warn of it."""


def limited(limit: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """The fields of a request besides its model."""
    return {"messages": MESSAGES, **limit, **fields}


def of_limit(field: str, limit: int, said: Said) -> Ability:
    """Whether a token limit is there, and kept."""
    if refusal := _refusal(field, said):
        return refusal
    used = (_answer(said).get("usage") or {}).get("completion_tokens")
    if not isinstance(used, int):
        return Ability(field, None, "accepted; the answer does not count its tokens", is_odd=True)
    if used > limit:
        return Ability(field, False, f"silently ignored: {used} tokens came where {limit} were allowed", is_odd=True)
    kept = "kept" if _choice(said).get("finish_reason") == "length" else "accepted; the answer was shorter"
    return Ability(field, True, kept)


def of_logprobs(said: Said) -> Ability:
    """Whether log-probabilities come, and how their first list looks."""
    if refusal := _refusal("logprobs", said):
        return refusal
    content = (_choice(said).get("logprobs") or {}).get("content")
    first = content[0] if isinstance(content, list) and content and isinstance(content[0], dict) else None
    if first is None:
        return Ability("logprobs", False, "silently ignored: the answer has none", is_odd=True)
    entries = [one for one in first.get("top_logprobs") or [] if isinstance(one, dict)]
    values = [one.get("logprob") for one in entries]
    numbers = [value for value in values if isinstance(value, int | float)]
    if not entries:
        return Ability("logprobs", True, "of the sampled token alone: no list of the likeliest came", is_odd=True)
    odd = []
    if len(numbers) < len(values):
        odd.append("not all of them numbers")
    if any(not SENTINEL < number <= ROUNDING for number in numbers):
        odd.append("a value that is no log-probability")
    if numbers != sorted(numbers, reverse=True):
        odd.append("not sorted")
    if len({one.get("token") for one in entries}) < len(entries):
        odd.append("a token twice")
    if numbers and entries[values.index(max(numbers))].get("token") != first.get("token"):
        odd.append("the sampled token is not the likeliest")
    length = f"{len(entries)} of the {LIST_LENGTH} likeliest tokens"
    is_odd = bool(odd) or len(entries) != LIST_LENGTH
    return Ability("logprobs", True, ", ".join([length, *(odd or ["sorted"])]), is_odd=is_odd)


def of_field(field: str, said: Said) -> Ability:
    """Whether a field is accepted. Whether it is honoured, a study shows: no single answer does."""
    return _refusal(field, said) or Ability(field, True, "accepted; whether it does anything, a study shows")


def of_embeddings(said: Said) -> Ability:
    """Whether texts get vectors, one each and different."""
    if refusal := _refusal("embeddings", said):
        return refusal
    data = _answer(said).get("data")
    given = [one.get("embedding") for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    vectors = [one for one in given if isinstance(one, list) and one]
    if len(vectors) != len(EMBEDDED):
        return Ability("embeddings", False, "the answer has not one vector for each text", is_odd=True)
    if vectors[0] == vectors[1]:
        return Ability("embeddings", False, "two texts got the same vector", is_odd=True)
    return Ability("embeddings", True, f"{len(vectors[0])} numbers a text")


def of_names(model: str, said: Said) -> Ability:
    """The names that an answer gives: of the model served, and of its fingerprint."""
    answer = _answer(said)
    served, fingerprint = answer.get("model"), answer.get("system_fingerprint")
    named = f"answers as {served!r}" if served else "the answer does not name its model"
    printed = f"fingerprint {fingerprint}" if fingerprint else "no fingerprint"
    # A dated name, a tag or a file's path has the asked name in it.
    is_odd = model.rpartition("/")[2].lower() not in str(served).lower()
    return Ability("names", None, f"{named}, {printed}", is_odd=is_odd)


def of_identity(first: Said, second: Said) -> Ability:
    """Whether two identical requests got two answers: a cache between us and the model would give one, twice."""
    one, two = _answer(first).get("id"), _answer(second).get("id")
    if not one or not two:
        return Ability("two identical requests", None, "answers have no id: a cache would not show", is_odd=True)
    if one == two:
        found = f"got one answer, {one}: something between here and the model caches, and no figure would be true"
        return Ability("two identical requests", False, found, is_odd=True)
    return Ability("two identical requests", True, "got two answers: no cache")


def lacking(abilities: list[Ability]) -> frozenset[Capability]:
    """What to declare in `lacks`."""
    capabilities: tuple[Capability, ...] = ("logprobs", "temperature", "seed", "max_tokens", "embeddings")
    without = {ability.name for ability in abilities if ability.has is False}
    return frozenset(capability for capability in capabilities if capability in without)


def _refusal(name: str, said: Said) -> Ability | None:
    if 200 <= said.status < 300:
        return None if _choice_or_data(said) else Ability(name, None, "the answer is no answer of this protocol", True)
    if 400 <= said.status < 500 and said.status not in (408, 409, 429):
        return Ability(name, False, f"refused: {said.error}")
    return Ability(name, None, f"not known: {said.error}", is_odd=True)


def _choice_or_data(said: Said) -> bool:
    return bool(_choice(said)) or "data" in _answer(said)


def _choice(said: Said) -> dict[str, Any]:
    choices = _answer(said).get("choices")
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _answer(said: Said) -> dict[str, Any]:
    try:
        answer = json.loads(said.body or "null")
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
