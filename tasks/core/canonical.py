"""The one canonical JSON, and the ids made from it. Stored ids are SHA-256, cut to 24 hex digits (96 bits)."""

import hashlib
import json
from typing import Any

ID_DIGITS = 24
PROMPT_DIGITS = 8


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and unescaped UTF-8: equal values have equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str, digits: int = ID_DIGITS) -> str:
    """The first `digits` hex digits of SHA-256 of `text` as UTF-8."""
    # A lone surrogate can stand in hostile JSON; it must not stop a hash.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def request_id(body: dict[str, Any]) -> str:
    """The id of a request: the digest of its canonical body."""
    return digest(canonical_json(body))


def default_prompt_name(messages: Any) -> str:
    """What a recording's prompt is called when it has no name: a digest of its messages."""
    return digest(canonical_json(messages), PROMPT_DIGITS)
