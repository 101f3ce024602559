"""What a request asks for, read and judged once per distinct body."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tasks.core.canonical import request_id

MAX_TOP_LOGPROBS = 20
COIN = re.compile(r"\b(coin|heads)\b", re.IGNORECASE)
# The letter of each choice that a prompt offers, one a line: `A) seven`.
CHOICE = re.compile(r"^\(?([A-Z])[).]\s", re.MULTILINE)
WORDS = re.compile(r"\w+|[^\w\s]")
TOKENS_AROUND_A_PROMPT = 7


class BadRequestError(Exception):
    """The body asks for something that cannot be; `param` names the field."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True)
class Asked:
    """A chat request: what shapes the answer, and the hash of all of it."""

    model: str
    request_id: str
    prompt: str
    prompt_tokens: int
    is_coin: bool
    choices: tuple[str, ...]
    """The letters that the last message offers; none where it asks no such question."""
    temperature: float
    seed: int | None
    max_tokens: int | None
    top_logprobs: int | None
    """Length of each list; None where no log-probabilities are asked for."""
    has_old_limit: bool
    """Whether the limit is `max_tokens`, which newer models refuse."""
    rendered: dict[Any, bytes] = field(default_factory=dict, compare=False)
    """Bodies already rendered for this very request, without id and time."""


def read_chat(raw: bytes, deployment: str | None = None) -> Asked:
    """A chat request from its body; `deployment` (Azure's, in the path) takes the place of the body's model.

    Raises BadRequestError with a sentence and the field.
    """
    body = read_object(raw)
    if deployment is not None:
        body["model"] = deployment
    texts = _texts(body.get("messages"))
    if body.get("stream") or body.get("n") not in (None, 1):
        raise BadRequestError(
            "This simulator answers one whole choice per request.", "stream" if body.get("stream") else "n"
        )
    return Asked(
        model=text_field(body, "model"),
        request_id=request_id(body),
        prompt="\n".join(texts),
        prompt_tokens=sum(len(WORDS.findall(text)) for text in texts) + TOKENS_AROUND_A_PROMPT,
        is_coin=COIN.search(texts[-1]) is not None,
        choices=tuple(CHOICE.findall(texts[-1])),
        temperature=_number(body, "temperature", 0, 2, default=1.0),
        seed=_integer(body, "seed", -(2**63), 2**63 - 1),
        max_tokens=_max_tokens(body),
        top_logprobs=_top_logprobs(body),
        has_old_limit=body.get("max_tokens") is not None,
    )


def read_object(raw: bytes) -> dict[str, Any]:
    """A JSON object. Raises BadRequestError."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadRequestError("We could not parse the JSON body of your request.") from error
    if not isinstance(body, dict):
        raise BadRequestError("The body of your request must be a JSON object.")
    return body


def text_field(body: dict[str, Any], name: str) -> str:
    """A required text. Raises BadRequestError."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequestError(f"You must provide a {name} parameter.", name)
    return value


def _texts(messages: Any) -> list[str]:
    if not isinstance(messages, list) or not messages:
        raise BadRequestError("'messages' must be a list with at least one message.", "messages")
    return [_text(message, f"messages[{index}]") for index, message in enumerate(messages)]


def _text(message: Any, place: str) -> str:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise BadRequestError(f"'{place}' must be an object with a role.", place)
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str):
        raise BadRequestError(f"'{place}.content' must be a string or a list of parts.", f"{place}.content")
    return content


def _number(body: dict[str, Any], name: str, low: float, high: float, default: float) -> float:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadRequestError(f"Invalid '{name}': must be a number between {low} and {high}.", name)
    return float(value)


def _integer(body: dict[str, Any], name: str, low: int, high: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadRequestError(f"Invalid '{name}': must be an integer between {low} and {high}.", name)
    return value


def _max_tokens(body: dict[str, Any]) -> int | None:
    limits = [_integer(body, name, 1, 1_000_000) for name in ("max_tokens", "max_completion_tokens")]
    return min((limit for limit in limits if limit is not None), default=None)


def _top_logprobs(body: dict[str, Any]) -> int | None:
    top = _integer(body, "top_logprobs", 0, MAX_TOP_LOGPROBS)
    if not isinstance(body.get("logprobs"), bool | None):
        raise BadRequestError("Invalid 'logprobs': must be true or false.", "logprobs")
    if not body.get("logprobs"):
        if top is not None:
            raise BadRequestError("'top_logprobs' requires 'logprobs' to be true.", "top_logprobs")
        return None
    return top or 0
