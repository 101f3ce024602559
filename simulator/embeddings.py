"""Embeddings, all invented: the sum of a pseudo-random direction per word, so texts with common words are near."""

import base64
import re
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.asked import WORDS, BadRequestError, read_object, text_field
from simulator.draws import hashed
from simulator.refusals import unknown_model

EMBEDDING_MODELS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
Vector = npt.NDArray[np.float32]


def embeddings_body(raw: bytes, deployment: str | None = None) -> dict[str, Any]:
    """The body of an answer to POST /v1/embeddings. Raises BadRequestError, and RefusedError for an unknown model."""
    body = read_object(raw)
    model = deployment or text_field(body, "model")
    if model not in EMBEDDING_MODELS:
        raise unknown_model(model)
    texts = _inputs(body.get("input"))
    size = _dimensions(body, EMBEDDING_MODELS[model])
    as_base64 = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(embedding(text, size), as_base64)}
        for index, text in enumerate(texts)
    ]
    tokens = sum(len(WORDS.findall(text)) for text in texts)
    return {"object": "list", "data": data, "model": model, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def embedding(text: str, size: int) -> Vector:
    """A unit vector of `size` numbers, the same for the same text."""
    words = re.findall(r"\w+", text.lower()) or [text]
    total = np.sum([_direction(word, size) for word in words], axis=0)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


@lru_cache(maxsize=4096)
def _direction(word: str, size: int) -> Vector:
    return np.random.default_rng(hashed(word)).standard_normal(size, dtype=np.float32)


def _encoded(vector: Vector, as_base64: bool) -> str | list[float]:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode() if as_base64 else vector.tolist()


def _inputs(given: Any) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise BadRequestError("'input' must be a text or a list of texts, none of them empty.", "input")
    return texts


def _dimensions(body: dict[str, Any], largest: int) -> int:
    size = body.get("dimensions", largest)
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= largest:
        raise BadRequestError(f"Invalid 'dimensions': must be an integer between 1 and {largest}.", "dimensions")
    return size
