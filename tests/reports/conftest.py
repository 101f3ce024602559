"""A warehouse of real recordings, landed and aggregated by the real stages; pages are made from it."""

import datetime as dt
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tasks.aggregate import aggregate
from tasks.land import import_file
from tasks.settings import Settings
from tasks.warehouse import Warehouse

DATA = Path(__file__).parents[1] / "data"
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
HOSTILE = '<script>alert("x")</script>\u202e\x07 ${{7*7}} {{ 7*7 }} &amp;'


def warehouse_of(settings: Settings, files: Iterable[Path], judged: Iterable[Mapping[str, Any]] = ()) -> None:
    """Lands and aggregates recordings; `judged` are expectations of the runs whose study they name."""
    with Warehouse.open(settings) as warehouse:
        days = {day for file in files for day in import_file(warehouse, file, NOON).days}
        for row in judged:
            warehouse.execute(
                "insert into raw.expectations by name select run_id, $expectation as expectation, "
                "$severity as severity, "
                "true as applicable, $success as success, $observed as observed, 1::bigint as unexpected_count, "
                "started_at as judged_at from raw.runs where study = $study",
                row,
            )
        aggregate(warehouse, days, [("openai", "gpt-4o", 2.5, 10.0)])


def line(study: str, repeat: int, probability: float | None, **more: Any) -> dict[str, Any]:
    """One line of a recording: a first token Heads with this probability, or a failed call."""
    model = more.pop("model", "m")
    request = {
        "model": model,
        "messages": [{"role": "user", "content": more.pop("content", "Flip a coin.")}],
        "seed": more.pop("seed", 1),
    }
    at = more.pop("day", "2026-10-01")
    response = None
    if probability is not None:
        logprob = math.log(probability / 100)
        top = [
            {"token": "Heads", "logprob": logprob},
            {"token": "Tails", "logprob": math.log1p(-probability / 100) - 1e-9},
        ]
        response = {
            "id": f"{study}-{at}-{repeat}-{model}",
            "model": model,
            "system_fingerprint": more.pop("fingerprint", None),
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "length",
                    "message": {"role": "assistant", "content": "Heads"},
                    "logprobs": {"content": [{"token": "Heads", "logprob": logprob, "top_logprobs": top}]},
                }
            ],
            "usage": {"prompt_tokens": 10, "completion_tokens": 1},
        }
    return {
        "study": study,
        "endpoint": "openai",
        "requested_at": f"{at}T12:{repeat // 60 % 60:02}:{repeat % 60:02}Z",
        "repeat": repeat,
        "prompt": "flip",
        "follow": "Heads",
        "status": 200 if response else 500,
        "request": request,
        "response": json.dumps(response) if response else None,
        **more,
    }


def recording(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    """Writes a recording."""
    path.write_text("".join(json.dumps(entry) + "\n" for entry in lines))
    return path


def flips() -> Iterator[dict[str, Any]]:
    """The ten thousand published flips; a value seen with both fingerprints alternates."""
    figures = json.loads((DATA / "vatter_2025.json").read_text())
    model = figures["request"]["model"]
    repeat = 0
    for value in figures["ten_thousand_flips"]["values"]:
        for i in range(value["count"]):
            fingerprint = value["fingerprints"][i % len(value["fingerprints"])]
            yield line(
                "ten-thousand-flips",
                repeat,
                value["probability_pct"],
                model=model,
                day="2025-03-01",
                fingerprint=fingerprint,
                content=figures["request"]["prompt"],
            )
            repeat += 1
