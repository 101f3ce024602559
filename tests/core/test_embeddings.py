"""Answers to a request for embeddings."""

import json
from typing import Any

import pytest

from tasks.core.embeddings import parse_embeddings


def test_embeddings_come_in_the_order_of_the_texts() -> None:
    """By their index, where the answer has one."""
    data: list[dict[str, Any]] = [{"index": 1, "embedding": [3, 4.5]}, {"index": 0, "embedding": [1, 2]}]
    assert parse_embeddings(json.dumps({"data": data}), 2) == [[1, 2], [3, 4.5]]
    without = [{"embedding": one["embedding"]} for one in data]
    assert parse_embeddings(json.dumps({"data": without}), 2) == [[3, 4.5], [1, 2]]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("<html>", "no list of embeddings"),
        ("[]", "no list of embeddings"),
        ('{"error": "no"}', "no list of embeddings"),
        ('{"data": null}', "no list of embeddings"),
        ('{"data": [1, 2]}', "no list of embeddings"),
        ('{"data": [{"index": 0}]}', "no list of embeddings"),
        ('{"data": [{"index": [0], "embedding": [1]}]}', "no list of embeddings"),
        ('{"data": [{"index": 0, "embedding": [1]}]}', "1 embeddings of 2 texts"),
        ('{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}', "2 embeddings of 2 texts"),
        ('{"data": [{"index": 0, "embedding": "AAAA"}, {"index": 1, "embedding": [1]}]}', "no list of numbers"),
        ('{"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": [1]}]}', "no list of numbers"),
        ('{"data": [{"index": 0, "embedding": [1e999]}, {"index": 1, "embedding": [1]}]}', "no list of numbers"),
    ],
)
def test_what_is_no_embedding_is_said(body: str, problem: str) -> None:
    """In words that can stand in a table."""
    with pytest.raises(ValueError, match=problem):
        parse_embeddings(body, 2)
