"""A warehouse of real recordings, landed and aggregated by the real stages; pages are made from it."""

import datetime as dt
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tasks.aggregate import aggregate
from tasks.land import import_file
from tasks.render import render_site
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


def demo() -> Iterator[dict[str, Any]]:
    """Two simulated models: one with a new fingerprint on the 13th of October, one steady that fails at times."""
    for day in ("2026-09-01", "2026-09-02", "2026-09-03", "2026-10-11", "2026-10-12", "2026-10-13", "2026-10-14"):
        for repeat in range(6):
            named = "fp_new" if day >= "2026-10-13" else "fp_old"
            headers = {"x-flipbook-simulated": "1"}
            yield line("demo", repeat, 96 + repeat % 3, model="gpt-4o", day=day, fingerprint=named, headers=headers)
            answer = None if (day, repeat % 2) == ("2026-09-02", 0) else 80.0
            yield line("demo", repeat, answer, model="steady", day=day, headers=headers)


JUDGED = (
    {
        "study": "demo",
        "expectation": "latency_is_plausible",
        "severity": "warning",
        "success": False,
        "observed": "12 s",
    },
    {"study": "demo", "expectation": "sample_is_there_once", "severity": "critical", "success": True, "observed": None},
    {
        "study": "withheld",
        "expectation": "sample_is_there_once",
        "severity": "critical",
        "success": False,
        "observed": "2 copies",
    },
)


@pytest.fixture(scope="session")
def hostile() -> str:
    """What the hostile study, its model, its prompt and its fingerprint are called."""
    return HOSTILE


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A warehouse that all these tests share, and none writes to.

    With the published flips, both recordings, simulated, hostile, failed and withheld samples.
    """
    folder = tmp_path_factory.mktemp("reports")
    made = {
        "flips": flips(),
        "demo": demo(),
        "hostile": (
            line(HOSTILE, i, 50 + i % 3, model=HOSTILE, content=HOSTILE, fingerprint=HOSTILE) for i in range(20)
        ),
        "dead": (line("dead", i, None) for i in range(3)),
        "withheld": (line("withheld", i, 60.0) for i in range(3)),
    }
    files = [recording(folder / f"{name}.ndjson", lines) for name, lines in made.items()]
    settings = Settings(warehouse=str(folder / "flipbook.duckdb"), site=folder / "site")
    warehouse_of(settings, [*files, DATA / "local-coin.ndjson", DATA / "gpt-4o-x-2026-08.ndjson"], JUDGED)
    return settings


@pytest.fixture(scope="session")
def site(landed: Settings) -> Path:
    """The whole site of that warehouse, rendered once."""
    with Warehouse.open(landed, read_only=True) as warehouse:
        render_site(warehouse.report, landed.site)
    return landed.site
