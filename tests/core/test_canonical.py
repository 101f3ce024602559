"""The one canonical JSON, and the ids made from it."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.canonical import canonical_json, default_prompt_name, digest, request_id

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_canonical_json_is_sorted_tight_and_unescaped() -> None:
    """Sorted keys, `,` and `:` without spaces, UTF-8 as it is."""
    assert canonical_json({"b": [1, 2.0], "a": {"ü": "🎲\n"}}) == '{"a":{"ü":"🎲\\n"},"b":[1,2.0]}'


@given(values)
def test_equal_values_have_equal_texts(value: object) -> None:
    """Whatever order the keys came in; and the text says the value again."""
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(json.dumps(value))) == text


def test_ids_are_the_first_digits_of_sha_256() -> None:
    """24 for what is stored, 8 for a prompt without a name."""
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    messages = '[{"content":"x","role":"user"}]'
    assert request_id(body) == hashlib.sha256(f'{{"messages":{messages},"model":"m"}}'.encode()).hexdigest()[:24]
    assert default_prompt_name(body["messages"]) == hashlib.sha256(messages.encode()).hexdigest()[:8]


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "🎲"])
def test_any_text_has_a_digest(text: str) -> None:
    """A lone surrogate too."""
    assert len(digest(text)) == 24
