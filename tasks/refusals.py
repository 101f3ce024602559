"""What a provider will not answer: a whole target (its key, its model), or one series (what its request asks for)."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tasks.core.plan import SeriesKey
from tasks.provider import Answer

# So many in a row, in the same words and with no other answer before them, are taken for all.
ENOUGH = 5
BAD_REQUEST = frozenset({400, 422})
# OpenAI says 403 to log-probabilities of a model that shows none; its key may well ask for the rest.
ABOUT_LOGPROBS = "logprobs"
# Looked for rather than parsed: a long error is cut off after it.
MESSAGE = re.compile(r'"(?:message|detail)"\s*:\s*("(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")')


def ends_target(answer: Answer) -> bool:
    """Whether every further call to the target would be refused as this one was."""
    return answer.is_refusal and not refuses_request(answer.status, answer.error)


def refuses_request(status: int, error: str | None) -> bool:
    """Whether it is the request that is refused: another one may be answered."""
    return status in BAD_REQUEST or (status == 403 and ABOUT_LOGPROBS in (error or ""))


def why_target_ended(target: str, answer: Answer, key_env: str | None) -> str:
    """A sentence for the operator, with what to look at."""
    key = f"the key in {key_env}" if key_env else "its key (endpoints.toml names none)"
    hint = {
        401: f"check {key}",
        403: f"check what {key} may use",
        404: "check the model's name and the endpoint's address",
    }.get(answer.status, "its account has no credit left")
    return f"{target} refused with HTTP {answer.status}: {hint}."


@dataclass(slots=True)
class _Record:
    """What one series has met so far."""

    words: str = ""
    times: int = 0
    is_mixed: bool = False

    def note(self, words: str | None) -> None:
        self.is_mixed |= words is None or bool(self.words and words != self.words)
        self.words = self.words or words or ""
        self.times += 1


class RefusedSeries:
    """Which series of a target are given up, because every one of their calls was refused for the same reason."""

    def __init__(self, keys: Iterable[SeriesKey]) -> None:
        self._records = {key: _Record() for key in keys}

    def note(self, key: SeriesKey, status: int, error: str | None) -> None:
        """One call of a series has ended so."""
        self._records[key].note(_words(status, error) if refuses_request(status, error) else None)

    def has(self, key: SeriesKey) -> bool:
        """Whether a series is given up."""
        record = self._records[key]
        return record.times >= ENOUGH and not record.is_mixed

    def sentence(self, target: str) -> str | None:
        """What is not observable, in the provider's words; None where no series was given up."""
        prompts: dict[tuple[str, str], list[str]] = {}
        for key in filter(self.has, self._records):
            prompts.setdefault((key.arm, self._records[key].words), []).append(key.prompt)
        return " ".join(self._said(target, arm, of, words) for (arm, words), of in prompts.items()) or None

    def _said(self, target: str, arm: str, prompts: list[str], words: str) -> str:
        has_others = len(prompts) < sum(key.arm == arm for key in self._records)
        of_prompts = f", prompt {', '.join(prompts)}" if has_others else ""
        return f"{target}, arm {arm}{of_prompts}: not observable, refused with {words.rstrip('.')}."


def _words(status: int, error: str | None) -> str:
    """The provider's own sentence; all that it said, where none can be told apart."""
    said = (error or "").removeprefix(f"HTTP {status}: ")
    found = MESSAGE.search(said)
    return f"HTTP {status}: {json.loads(found[1], strict=False) if found else said}"
