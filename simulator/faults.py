"""Faults on request: by header for one call, by count for the first calls, by rate for a seeded share of them."""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from simulator.draws import uniform
from tasks.core.errors import UsageError

SENTINEL = -9999.0
FOREIGN_MODEL = "llama-3.1-8b-instruct"
ERROR_PAGE = b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"

STATUSES = {
    "400": ("invalid_request_error", None),
    "401": ("invalid_request_error", "invalid_api_key"),
    "403": ("invalid_request_error", "unsupported_country_region_territory"),
    "404": ("invalid_request_error", "model_not_found"),
    "408": ("server_error", None),
    "409": ("invalid_request_error", None),
    "429": ("requests", "rate_limit_exceeded"),
    "500": ("server_error", None),
    "503": ("server_error", None),
}
SPOILT = ("no-logprobs", "sentinel", "short-list", "other-model", "duplicate-id")
UNFINISHED = ("timeout", "cut", "drop", "bad-json", "html")
# Of the other route: chat completions never meet it.
NO_EMBEDDINGS = "no-embeddings"
KINDS = frozenset({"latency", *STATUSES, *SPOILT, *UNFINISHED, NO_EMBEDDINGS})


@dataclass
class Faults:
    """Which fault a call meets: its header's, else one of the first calls', else one drawn by rate."""

    seed: int = 0
    rates: Mapping[str, float] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    """How many of the next calls meet a kind; used up in order."""

    def met(self, header: str | None, *call: object) -> str | None:
        """The kind of fault that a call meets, if any. Raises UsageError for a header that names no kind."""
        if header is not None:
            return known_kind(header)
        return self._met(KINDS - {NO_EMBEDDINGS}, *call)

    def has_no_embeddings(self, *call: object) -> bool:
        """Whether a request for embeddings is refused."""
        return self._met({NO_EMBEDDINGS}, *call) is not None

    def _met(self, kinds: Set[str], *call: object) -> str | None:
        for kind, left in self.first.items():
            if left > 0 and kind in kinds:
                self.first[kind] -= 1
                return kind
        rates = ((kind, rate) for kind, rate in self.rates.items() if kind in kinds)
        return next((kind for kind, rate in rates if uniform(self.seed, kind, *call) < rate), None)


def read_faults(raw: bytes) -> tuple[dict[str, float], dict[str, int]]:
    """The rates and the first faults that a request to change them names. Raises UsageError for what is none."""
    try:
        given = json.loads(raw)
        rates = {known_kind(kind): float(rate) for kind, rate in given.pop("rates", {}).items()}
        first = {known_kind(kind): int(number) for kind, number in given.pop("first", {}).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError('The body must read {"rates": {KIND: SHARE}, "first": {KIND: NUMBER}}.') from error
    if given:
        raise UsageError(f"{next(iter(given))!r} is neither 'rates' nor 'first'.")
    return rates, first


def known_kind(kind: str) -> str:
    """The kind itself. Raises UsageError for one that does not exist."""
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is no kind of fault: choose one of {', '.join(sorted(KINDS))}.")
    return kind


def spoil(kind: str, body: bytes, last_id: str) -> bytes:
    """A whole body with one thing wrong in it."""
    completion = json.loads(body)
    if kind == "other-model":
        completion["model"] = FOREIGN_MODEL
    elif kind == "duplicate-id":
        completion["id"] = last_id
    else:
        _spoil_logprobs(kind, completion["choices"][0])
    return json.dumps(completion, ensure_ascii=False, separators=(",", ":")).encode()


def _spoil_logprobs(kind: str, choice: dict[str, Any]) -> None:
    if kind == "no-logprobs" or not choice["logprobs"]:
        choice["logprobs"] = None
        return
    first = choice["logprobs"]["content"][0]
    if kind == "short-list":
        first["top_logprobs"] = first["top_logprobs"][: len(first["top_logprobs"]) // 2]
        return
    first["logprob"] = SENTINEL
    for entry in first["top_logprobs"][:1]:
        entry["logprob"] = SENTINEL
