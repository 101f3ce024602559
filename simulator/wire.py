"""Answers as OpenAI and Azure put them on the wire: bodies, headers and errors."""

import json
import os
import random
import string
import time
from typing import Any, Literal

from multidict import CIMultiDict

from simulator.answers import Answer, Position
from simulator.asked import Asked
from simulator.models import Token

Dialect = Literal["openai", "azure"]

SIMULATED = "x-flipbook-simulated"
ID_LETTERS = string.ascii_letters + string.digits
ID_LENGTH = 29
REQUEST_LIMIT = 10_000
TOKEN_LIMIT = 30_000_000

# Ids are new in every process, seed or not: a repeated id would say that somebody cached.
_ids = random.Random()

_HEADERS: dict[Dialect, dict[str, str]] = {
    "openai": {
        "Content-Type": "application/json",
        SIMULATED: "1",
        "openai-organization": "flipbook-simulator",
        "openai-version": "2020-10-01",
        "x-ratelimit-limit-requests": str(REQUEST_LIMIT),
        "x-ratelimit-limit-tokens": str(TOKEN_LIMIT),
        "x-ratelimit-reset-requests": "6ms",
        "x-ratelimit-reset-tokens": "0s",
    },
    "azure": {
        "Content-Type": "application/json",
        SIMULATED: "1",
        "x-ms-region": "Simulated",
        "x-ratelimit-limit-requests": str(REQUEST_LIMIT),
        "x-ratelimit-limit-tokens": str(TOKEN_LIMIT),
    },
}

_FILTERED = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
_JAILBREAK = {"jailbreak": {"filtered": False, "detected": False}}


def new_id() -> str:
    """The id of a completion."""
    return "chatcmpl-" + "".join(_ids.choices(ID_LETTERS, k=ID_LENGTH))


def headers(dialect: Dialect, calls: int, tokens: int, processing_s: float) -> CIMultiDict[str]:
    """The headers of an answer to a prompt of so many `tokens`; `calls` is how many calls this process has had."""
    given = CIMultiDict(_HEADERS[dialect])
    given["x-ratelimit-remaining-requests"] = str(REQUEST_LIMIT - 1 - calls % 64)
    given["x-ratelimit-remaining-tokens"] = str(TOKEN_LIMIT - tokens)
    if dialect == "azure":
        given["apim-request-id"] = os.urandom(16).hex()
        return given
    given["x-request-id"] = f"req_{os.urandom(16).hex()}"
    given["openai-processing-ms"] = str(max(1, round(1000 * processing_s)))
    given["cf-ray"] = f"{os.urandom(8).hex()}-SIM"
    return given


def rendered(served_as: str, asked: Asked, answer: Answer, dialect: Dialect) -> bytes:
    """The body of a completion after its id and time, which differ in every call."""
    body: dict[str, Any] = {
        "model": served_as,
        "choices": [_choice(asked, answer, dialect)],
        "usage": _usage(asked.prompt_tokens, len(answer.positions), answer.reasoning_tokens),
        "service_tier": "default",
        "system_fingerprint": answer.fingerprint,
    }
    if dialect == "azure":
        body["prompt_filter_results"] = [{"prompt_index": 0, "content_filter_results": _FILTERED | _JAILBREAK}]
    return dumped(body)[1:]


def completed(completion_id: str, tail: bytes) -> bytes:
    """The whole body: a new id and the present time before a rendered rest."""
    head = f'{{"id":"{completion_id}","object":"chat.completion","created":{int(time.time())},'
    return head.encode() + tail


def dumped(body: Any) -> bytes:
    """JSON without spaces, as UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def error_body(message: str, kind: str, param: str | None = None, code: str | None = None) -> bytes:
    """OpenAI's error body."""
    return dumped({"error": {"message": message, "type": kind, "param": param, "code": code}})


def _choice(asked: Asked, answer: Answer, dialect: Dialect) -> dict[str, Any]:
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": answer.text, "refusal": None, "annotations": []},
        "logprobs": None,
        "finish_reason": answer.finish_reason,
    }
    if asked.top_logprobs is not None:
        content = [_position(position, asked.top_logprobs) for position in answer.positions]
        choice["logprobs"] = {"content": content, "refusal": None}
    if dialect == "azure":
        choice["content_filter_results"] = _FILTERED
    return choice


def _position(position: Position, top_logprobs: int) -> dict[str, Any]:
    return _entry(position.token) | {"top_logprobs": [_entry(token) for token in position.candidates[:top_logprobs]]}


def _entry(token: Token) -> dict[str, Any]:
    return {"token": token.text, "logprob": token.logprob, "bytes": list(token.text.encode("utf-8", "surrogatepass"))}


def _usage(prompt_tokens: int, shown_tokens: int, reasoning_tokens: int) -> dict[str, Any]:
    completion_tokens = shown_tokens + reasoning_tokens
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
