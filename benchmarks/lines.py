"""Realistic spool lines: 3 kB each, as the sampling stage writes OpenAI's answers. Random, from a seed."""

import datetime as dt
import json
import math
import random
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.core.plan import SeriesKey, series_of_study
from tasks.core.runs import Run
from tasks.core.study import Study
from tasks.spool import LineTemplate, RunHeader

LISTS_PER_THOUSAND = 10
TOKENS = (
    *("Heads", "T", "Sure", "Head", "Tail", "Certainly", "HEAD", "I'm", "heads", "Hea"),
    *("Ta", "_heads", "tails", "TAIL", "Hd", "```", "Here's", "I", "As", "The"),
)
LETTERS = string.ascii_letters + string.digits
FINGERPRINTS = ("fp_f9f4fb6dbf", "fp_eb9dce56a8")
USAGE = {
    "prompt_tokens": 16,
    "completion_tokens": 1,
    "total_tokens": 17,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0},
}


def study(samples: int) -> Study:
    """One series of so many samples."""
    return Study.model_validate(
        {
            "name": "bench",
            "prompts": [{"name": "flip", "messages": [{"content": "Flip a coin. Return Heads or Tails only."}]}],
            "targets": [{"endpoint": "openai", "model": "gpt-4o", "follow": "Heads"}],
            "arms": [{"temperature": 0, "seed": 42, "max_tokens": 1, "top_logprobs": 20}],
            "samples": samples,
        }
    )


def spool_file(folder: Path, samples: int, day: dt.date) -> tuple[Run, Path]:
    """A finished run of so many samples for a day, and its file."""
    started_at = dt.datetime.combine(day, dt.time(6), dt.UTC)
    header = RunHeader.new(study(samples), day, started_at=started_at)
    template = LineTemplate(header, series_of_study(header.study)[0])
    file = folder / f"{header.run_id}.ndjson"
    with file.open("wb") as out:
        for repeat, sample in enumerate(_samples(samples, started_at, random.Random(f"{day}/{samples}"))):
            out.write(template.line(repeat=repeat, **sample))
    run = header.run("complete", None, attempted=samples, ended_at=started_at + dt.timedelta(hours=1), source=file.name)
    return run, file


def spool(root: Path, samples: int, day: dt.date) -> Path:
    """A spool whose one run is finished and has not landed."""
    run, file = spool_file(root, samples, day)
    folder = root / run.run_id
    folder.mkdir()
    header = RunHeader.new(study(samples), day, started_at=run.started_at).model_copy(update={"run_id": run.run_id})
    (folder / "run.json").write_text(header.model_dump_json())
    file.rename(folder / header.file_name(header.study.targets[0]))
    (folder / "finished.json").write_text(run.model_dump_json())
    return folder


def key() -> SeriesKey:
    """The one series."""
    return series_of_study(study(1))[0].key


def _samples(samples: int, started_at: dt.datetime, rng: random.Random) -> Iterator[dict[str, Any]]:
    lists = [_top_list(rng) for _ in range(max(LISTS_PER_THOUSAND, samples * LISTS_PER_THOUSAND // 1000))]
    for number in range(samples):
        requested_at = started_at + dt.timedelta(microseconds=1000 * number + rng.randrange(1000))
        yield {
            "requested_at": requested_at,
            "latency_s": rng.uniform(0.15, 0.6),
            "attempts": 1,
            "status": 200,
            "response": _body(requested_at, rng.choice(lists), rng),
            "headers": _headers(requested_at, rng),
            "error": None,
        }


def _top_list(rng: random.Random) -> list[dict[str, Any]]:
    # As published: twelve clusters a quarter of a nat apart, some values in each, told apart by the other tokens' mass.
    gap = 1.75 + rng.randrange(12) / 4
    first = -math.log1p(math.exp(-gap)) - rng.randrange(4) / 1e6
    logprobs = [first, first - gap, *sorted((first - 12 - 6 * rng.random() for _ in TOKENS[2:]), reverse=True)]
    pairs = zip(TOKENS, logprobs, strict=True)
    return [{"token": token, "logprob": round(logprob, 10), "bytes": list(token.encode())} for token, logprob in pairs]


def _body(requested_at: dt.datetime, top: list[dict[str, Any]], rng: random.Random) -> str:
    body = {
        "id": f"chatcmpl-{''.join(rng.choices(LETTERS, k=29))}",
        "object": "chat.completion",
        "created": int(requested_at.timestamp()),
        "model": "gpt-4o-2024-08-06",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Heads", "refusal": None, "annotations": []},
                "logprobs": {"content": [{**top[0], "top_logprobs": top}], "refusal": None},
                "finish_reason": "length",
            }
        ],
        "usage": USAGE,
        "service_tier": "default",
        "system_fingerprint": rng.choice(FINGERPRINTS),
    }
    return json.dumps(body, separators=(",", ":"))


def _headers(requested_at: dt.datetime, rng: random.Random) -> dict[str, str]:
    return {
        "date": f"{requested_at:%a, %d %b %Y %H:%M:%S} GMT",
        "content-type": "application/json",
        "openai-organization": "org-bench",
        "openai-processing-ms": str(rng.randrange(150, 600)),
        "openai-version": "2020-10-01",
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-limit-tokens": "30000000",
        "x-ratelimit-remaining-requests": str(rng.randrange(9000, 9999)),
        "x-ratelimit-remaining-tokens": str(rng.randrange(29_990_000, 29_999_999)),
        "x-ratelimit-reset-requests": "6ms",
        "x-ratelimit-reset-tokens": "0s",
        "x-request-id": f"req_{rng.getrandbits(128):032x}",
        "cf-cache-status": "DYNAMIC",
        "server": "cloudflare",
        "cf-ray": f"{rng.getrandbits(64):016x}-FRA",
    }
