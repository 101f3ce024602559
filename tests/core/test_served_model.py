"""Whether the model that answered is the one that was asked."""

import pytest

from tasks.core.served_model import match_served_model


@pytest.mark.parametrize(
    ("requested", "served"),
    [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4", "gpt-4-0613"),
        ("openai/gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4o", "openai/gpt-4o"),
        ("gpt-4o:free", "gpt-4o:free"),
        ("llama3", "llama3:latest"),
        ("GPT-4o", "gpt-4o"),
        ("gemini-1.5-pro", "gemini-1.5-pro-002"),
        ("tiny-random", "tiny-random"),
        ("/models/tiny.gguf", "/models/tiny.gguf"),
    ],
)
def test_a_release_of_the_requested_name_is_the_same(requested: str, served: str) -> None:
    """Dates, numbered releases, prefixes and tags aside."""
    assert match_served_model(requested, served) == "same"


@pytest.mark.parametrize(
    ("requested", "served"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o-2024-11-20"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("tiny-random", "/srv/models/tiny-random-q4.gguf"),
        ("tiny-random", "C:\\models\\tiny.gguf"),
    ],
)
def test_another_release_or_a_file_is_of_the_family(requested: str, served: str) -> None:
    """Not what was asked for, and no other model either."""
    assert match_served_model(requested, served) == "family"


@pytest.mark.parametrize(
    ("requested", "served"),
    [
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-4o", "gpt-4o-mini-2024-07-18"),
        ("gpt-4o-2024-08-06", "gpt-4-0613"),
        ("gpt-4", "gpt-5"),
        ("claude-sonnet-4", "claude-sonnet-4-5"),
        ("gpt-4o", "o4-mini"),
    ],
)
def test_another_name_is_another_model(requested: str, served: str) -> None:
    """A smaller or newer sibling is not the model that was asked."""
    assert match_served_model(requested, served) == "other"
