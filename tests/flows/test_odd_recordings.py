"""Whatever a recording holds, it lands and becomes pages; and what came bit by bit is what a rebuild makes of it."""

import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.landing import land_recordings, rebuild_all
from tasks.settings import Settings
from tasks.sql_files import models
from tasks.warehouse import Warehouse

TEXTS = ["Heads", "", "A) I say B", "<script>alert(1)</script>", "\u202e rtl", "é 日本\nline", "many words " * 40]
TOKENS = ["Heads", "T", "", "\n", "\x07", "\u202eabc", "<b>", "long" * 60]
BROKEN: list[Any] = ["", "<html>", "{", "null", "[]", '{"choices": null}', {"id": 5, "choices": [{"message": {}}]}]
DAYS_BETWEEN = [1, 1, 1, 7, 30]


def odd_lines(chance: random.Random) -> Iterator[dict[str, Any]]:
    """Some studies of several models, arms and prompts, each over days of its own: few calls, odd answers, gaps."""
    for number in range(chance.randint(1, 2)):
        study = chance.choice(["s", "a b/c", "../x", "Ünï", "long" * 20]) + str(number)
        for model in [f"{chance.choice(['gpt-4o', 'm/odel', 'моя'])}{one}" for one in range(chance.randint(1, 3))]:
            for arm in chance.sample(["default", "seed, x"], chance.randint(1, 2)):
                for prompt in chance.sample(["p1", "q?"], chance.randint(1, 2)):
                    yield from _series(chance, {"study": study, "endpoint": "e", "arm": arm, "prompt": prompt}, model)


def _series(chance: random.Random, key: dict[str, str], model: str) -> Iterator[dict[str, Any]]:
    request = {"model": model, "messages": [{"role": "user", "content": chance.choice(TEXTS)}], "top_logprobs": 5}
    values = [-chance.random() for _ in range(chance.choice([1, 3, 200]))]
    fingerprints = chance.choice([[None], ["fp_a"], ["fp_a", "fp_b"], ["odd one!"]])
    follow = chance.choice([None, "Heads", "never"])
    day = dt.date(2026, 3, 1) + dt.timedelta(days=chance.choice([0, 5]))
    for _ in range(chance.choice([1, 2, 6])):
        day += dt.timedelta(days=chance.choice(DAYS_BETWEEN))
        if chance.random() < 0.1:
            request = request | {"max_tokens": chance.randint(1, 9)}
        edited_at, edited = chance.choice([0, 1, 99]), chance.choice([follow, None, "Heads"])
        for call in range(chance.choice([1, 2, 25])):
            follow = edited if call >= edited_at else follow
            at = dt.datetime.combine(day, dt.time(chance.choice([0, 6, 23]), call), dt.UTC)
            line = key | {"requested_at": at.isoformat(), "request": request, "follow": follow, "status": 200}
            yield line | _outcome(chance, model, values, fingerprints)


def _outcome(chance: random.Random, model: str, values: list[float], fingerprints: list[str | None]) -> dict[str, Any]:
    kind = chance.random()
    if kind < 0.05:
        return {"status": chance.choice([0, 404, 500]), "response": None, "error": chance.choice(TEXTS)}
    if kind < 0.1:
        return {"response": chance.choice(BROKEN)}
    text, value = chance.choice(TEXTS), chance.choice(values)
    top = [{"token": chance.choice(TOKENS), "logprob": value - step / 8} for step in range(chance.randint(0, 5))]
    if kind < 0.12:
        top = [{"token": "Heads", "logprob": chance.choice([-9999.0, 1.0, -0.0, None])}]
    content = [{"token": word, "logprob": value, "top_logprobs": top} for word in ["Heads", *text.split()[:9]]]
    return {
        "response": {
            "id": f"id-{chance.random()}" if chance.random() < 0.95 else None,
            "model": model,
            "system_fingerprint": chance.choice(fingerprints),
            "choices": [
                {
                    "finish_reason": chance.choice(["stop", "length", None]),
                    "message": {"role": "assistant", "content": text},
                    "logprobs": chance.choice([{"content": content}] * 8 + [None, {"content": []}]),
                }
            ],
            "usage": chance.choice([None, {"prompt_tokens": 5, "completion_tokens": len(content)}]),
        }
    }


@pytest.mark.parametrize("seed", [1, 3])
def test_odd_recordings_become_pages_and_a_rebuild_says_the_same(tmp_path: Path, seed: int) -> None:
    """In two parts, the later days first."""
    lines = sorted(odd_lines(random.Random(seed)), key=lambda line: line["requested_at"])
    settings = Settings(warehouse=str(tmp_path / "odd.duckdb"), site=tmp_path / "site")
    for number, part in enumerate((lines[len(lines) // 2 :], lines[: len(lines) // 2])):
        file = tmp_path / f"{number}.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in part), encoding="utf-8")
        assert all(page.is_file() for page in land_recordings(settings, [file]).pages)
    with Warehouse.open(settings, read_only=True) as warehouse:
        (landed,) = warehouse.rows("select count(*) as n from stg.samples")
    assert landed["n"] == len(lines)
    bit_by_bit = _marts(settings)
    rebuild_all(settings)
    assert _marts(settings) == bit_by_bit


def _marts(settings: Settings) -> dict[str, list[str]]:
    with Warehouse.open(settings, read_only=True) as warehouse:
        return {
            model.table: sorted(map(_rounded, warehouse.rows(f"select * from {model.table}")))
            for model in models("mart")
        }


def _rounded(row: dict[str, Any]) -> str:
    # Sums of floating-point numbers hang on their order.
    return repr([(name, round(value, 9) if isinstance(value, float) else value) for name, value in row.items()])
