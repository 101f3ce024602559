"""Whether the model that answered is the one that was asked: names alone can tell, and not always."""

import re
from typing import Literal

Match = Literal["same", "family", "other"]

# A dated or numbered release: -2024-08-06, -0613, -002, @20240806. One or two digits are another model: gpt-4, gpt-5.
_RELEASE = re.compile(r"([-@]\d{3,}[\d-]*|-latest)$")
# Ollama's and OpenRouter's tags say which build or price, not which model: llama3:latest, gpt-4o:free.
_TAG = re.compile(r":[\w.-]+$")
_FILE = re.compile(r"^(/|~|\.{1,2}/|[a-z]:\\)|\.(gguf|ggml|bin|safetensors)$")


def match_served_model(requested: str, served: str) -> Match:
    """How the served model's name relates to the requested one, case and provider prefixes (`openai/`) aside.

    `same`: equal, or a release of the requested alias (gpt-4o, gpt-4o-2024-08-06). `family`: another release of one
    name, or a local server's file path, which says nothing about names. `other`: anything else.
    """
    asked, answered = _plain(requested), _plain(served)
    if answered == asked or _TAG.sub("", answered) == asked or _stem(answered) == asked:
        return "same"
    if _stem(answered) == _stem(asked) or _FILE.search(served.lower()):
        return "family"
    return "other"


def _plain(name: str) -> str:
    return name.strip().lower().replace("\\", "/").rpartition("/")[2]


def _stem(name: str) -> str:
    return _RELEASE.sub("", _TAG.sub("", name))
