"""What an endpoint answers when it is asked for embeddings."""

import json
import math
from typing import Any


def parse_embeddings(body: str, texts: int) -> list[list[float]]:
    """One embedding a text, in the order of the texts. Raises ValueError that says what is wrong with the answer."""
    try:
        data = json.loads(body)["data"]
        by_index = {entry.get("index", place): entry["embedding"] for place, entry in enumerate(data)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("the answer holds no list of embeddings") from error
    if by_index.keys() != set(range(texts)) or len(data) != texts:
        raise ValueError(f"the answer holds {len(data)} embeddings of {texts} texts")
    embeddings = [by_index[index] for index in range(texts)]
    if not all(map(_is_embedding, embeddings)):
        raise ValueError("an embedding is no list of numbers")
    return embeddings


def _is_embedding(given: Any) -> bool:
    return (
        isinstance(given, list)
        and len(given) > 0
        and all(isinstance(number, int | float) and math.isfinite(number) for number in given)
    )
