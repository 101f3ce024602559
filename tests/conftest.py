"""What tests of several folders share: a warehouse of their own, and lines of a recording to land in it."""

import datetime as dt
import json
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.judging import Judging
from tasks.land import import_file
from tasks.landed import Landing
from tasks.settings import Settings
from tasks.warehouse import Warehouse

DATA = Path(__file__).parent / "data"
LANDED_AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)

Line = dict[str, Any]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse in a file of the test's own."""
    with Warehouse.open(Settings(warehouse=str(tmp_path / "warehouse.duckdb"))) as opened:
        yield opened


@pytest.fixture(scope="session")
def judging() -> Iterator[Judging]:
    """A process that judges, for all tests."""
    with Judging() as started:
        yield started


@pytest.fixture
def land(warehouse: Warehouse, tmp_path: Path) -> Callable[[Iterable[Line]], Landing]:
    """Lands lines of a recording by importing them; every call is an import of its own."""
    files = (tmp_path / f"recording-{number}.ndjson" for number in range(100))

    def import_lines(lines: Iterable[Line]) -> Landing:
        file = next(files)
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return import_file(warehouse, file, LANDED_AT)

    return import_lines


@pytest.fixture
def line() -> Callable[..., Line]:
    """Makes a line of a recording.

    `top` is the top-k list as {token: probability in percent}. Any field of the line can be given, and of the answer
    `id`, `model`, `fingerprint`, `text`, `tokens` (the completion's own), `finish_reason` and `prompt_tokens`.
    """
    numbers = iter(range(1_000_000))

    def make(day: str = "2026-03-01", top: dict[str, float] | None = None, **fields: Any) -> Line:
        number = next(numbers)
        top = {"Heads": 90.0, "T": 10.0} if top is None else top
        given = {
            "study": "coin-flip",
            "endpoint": "openai",
            "prompt": "flip",
            "day": day,
            "follow": "Heads",
            "requested_at": f"{day}T06:{number // 60 % 60:02}:{number % 60:02}Z",
            "latency_s": 0.5,
            "attempts": 1,
            "status": 200,
            "request": {"model": "gpt-4o", "messages": [], "logprobs": True, "top_logprobs": 2},
        }
        answer = _answer(number, top, {name: fields.pop(name) for name in _ANSWER_FIELDS & fields.keys()})
        return given | {"response": answer} | fields

    return make


_ANSWER_FIELDS = {"id", "model", "fingerprint", "text", "tokens", "finish_reason", "prompt_tokens"}


def _answer(number: int, top: dict[str, float], said: dict[str, Any]) -> str:
    entries = [{"token": token, "logprob": math.log(pct / 100)} for token, pct in top.items()]
    position = (entries[0] | {"top_logprobs": entries}) if entries else None
    content = [position] if position else None
    if "tokens" in said:
        content = [{**(position or {}), "token": token, "logprob": -0.1} for token in said["tokens"]]
    body = {
        "id": said.get("id", f"chatcmpl-{number}"),
        "object": "chat.completion",
        "created": 1,
        "model": said.get("model", "gpt-4o"),
        "system_fingerprint": said.get("fingerprint", "fp_0123456789"),
        "choices": [
            {
                "index": 0,
                "finish_reason": said.get("finish_reason", "stop"),
                "message": {"role": "assistant", "content": said.get("text", "Heads")},
                "logprobs": None if content is None else {"content": content},
            }
        ],
        "usage": {"prompt_tokens": said.get("prompt_tokens", 13), "completion_tokens": len(content or [0])},
    }
    return json.dumps(body)


@pytest.fixture
def ten_thousand_flips(line: Callable[..., Line]) -> list[Line]:
    """The published ten thousand flips as a recording; each value's split keeps the fingerprints' totals."""
    figures = json.loads((DATA / "vatter_2025.json").read_text(encoding="utf-8"))["ten_thousand_flips"]
    left = dict(figures["fingerprint_totals"])
    lines = []
    for value in sorted(figures["values"], key=lambda value: len(value["fingerprints"])):
        for _ in range(value["count"]):
            fingerprint = max(value["fingerprints"], key=lambda name: left[name])
            left[fingerprint] -= 1
            lines.append(line(top={"Heads": value["probability_pct"]}, fingerprint=fingerprint))
    return lines
