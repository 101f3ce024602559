"""Landing a run's spool: each sample exactly once, verbatim, whatever was received, whenever it is killed."""

import datetime as dt
import hashlib
import itertools
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.core.errors import FlipbookError
from tasks.core.plan import series_of_study
from tasks.core.runs import Run
from tasks.core.study import Arm, Study
from tasks.land import import_file, land_run, restage_all
from tasks.landed import Landing
from tasks.settings import Settings
from tasks.spool import LineTemplate, Spool
from tasks.warehouse import Warehouse

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
NewStudy, NewSpool = Callable[..., Study], Callable[..., Spool]
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_790_000_000,
    "model": "gpt-4o",
    "choices": [{"message": {"content": "Heads"}, "finish_reason": "stop"}],
}

numbers = itertools.count()


def fill(spool: Spool, bodies: Iterable[str | None], **fields: Any) -> Run:
    """Append one sample a body to the spool's first target, and finish it. Repeats and times never come twice."""
    template = LineTemplate(spool.header, series_of_study(spool.header.study)[0])
    given = {"latency_s": 0.25, "attempts": 1, "status": 200, "headers": {"x-request-id": "req_1"}, "error": None}
    for body in bodies:
        number = next(numbers)
        at = NOON + dt.timedelta(microseconds=number)
        line = template.line(repeat=number, requested_at=at, response=body, **(given | fields))
        spool.append(spool.header.study.targets[0], line)
    run = spool.header.run("complete", None, attempted=1, ended_at=NOON, source=str(spool.path))
    spool.finish(run)
    return run


def answers(n: int) -> list[str]:
    """Answers that differ in their id alone."""
    return [json.dumps(ANSWER | {"id": f"chatcmpl-{number}"}) for number in range(n)]


def sample_id(row: dict[str, Any]) -> str:
    """What DESIGN says that a sample's id is, from the documented columns."""
    at = row["requested_at"].astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    key = [row[name] for name in ("study", "endpoint", "model", "arm", "prompt", "day", "repeat")]
    text = "\x1f".join([*map(str, key), at, row["response_id"] or ""])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def counts(warehouse: Warehouse) -> dict[str, int]:
    """The rows of every table that a landing writes."""
    tables = [f"raw.{name}" for name in ("runs", "requests", "calls", "bodies", "rejects")]
    return {
        table: warehouse.rows(f"select count(*) as n from {table}")[0]["n"]
        for table in [*tables, "stg.bodies", "stg.distributions"]
    }


def samples(warehouse: Warehouse) -> list[dict[str, Any]]:
    """The samples in order."""
    return warehouse.rows("from stg.samples order by requested_at")


def test_a_spool_lands_once(warehouse: Warehouse, new_spool: NewSpool, new_study: NewStudy) -> None:
    """The same spool a second time changes nothing, and nobody has to judge it again once it was judged."""
    spool = new_spool(new_study())
    run = fill(spool, answers(30))
    first = land_run(warehouse, run, spool.sample_files, NOON)
    assert first == Landing((run.run_id,), (NOON.date(),), ("coin-flip",), 30, (), str(spool.path))
    before = counts(warehouse), samples(warehouse)
    warehouse.execute(
        "insert into raw.expectations values ($run, 'e', 'warning', true, true, '', 0, $now)",
        {"run": run.run_id, "now": NOON},
    )
    second = land_run(warehouse, run, spool.sample_files, NOON + dt.timedelta(hours=1))
    assert (second.unjudged, second.new_samples) == ((), 0)
    assert (counts(warehouse), samples(warehouse)) == before
    assert before[0] | {"raw.runs": 1, "raw.requests": 1, "raw.calls": 30, "raw.bodies": 1} == before[0]


def test_a_run_that_goes_on_after_a_wrong_clock_closed_it_is_as_it_ended_last(
    warehouse: Warehouse, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """It landed by a clock a week ahead; later with what it still lacked, or with nothing but another end."""
    spool, ahead = new_spool(new_study()), NOON + dt.timedelta(days=7)
    run = fill(spool, answers(3))
    for state, bodies, now in (("incomplete", [], ahead), ("complete", answers(2), NOON), ("incomplete", [], NOON)):
        fill(spool, bodies)
        ended = run.model_copy(update={"state": state})
        assert land_run(warehouse, ended, spool.sample_files, now).unjudged == (run.run_id,)
        assert warehouse.rows("select arg_max(state, landed_at) as state from raw.runs") == [{"state": state}]
    assert len(samples(warehouse)) == 5
    assert counts(warehouse)["raw.runs"] == 3


def test_a_sample_id_is_the_documented_hash(warehouse: Warehouse, new_spool: NewSpool, new_study: NewStudy) -> None:
    """Of the key, day, repeat, time in UTC with microseconds, and response id, null as empty."""
    spool = new_spool(new_study())
    run = fill(spool, [*answers(3), None, "", "<html>", "{}", '{"id": 5}', '{"id": null}'])
    land_run(warehouse, run, spool.sample_files, NOON)
    rows = samples(warehouse)
    assert [row["response_id"] for row in rows][-6:] == [None, None, None, None, "5", None]
    assert [row["sample_id"] for row in rows] == [sample_id(row) for row in rows]


def test_a_line_that_is_there_twice_is_one_sample(
    warehouse: Warehouse, new_spool: NewSpool, new_study: NewStudy, tmp_path: Path
) -> None:
    """In one file, in two files of one landing, and in another landing."""
    spool = new_spool(new_study())
    run = fill(spool, answers(5))
    (file,) = spool.sample_files
    twice, other = tmp_path / "twice.ndjson", tmp_path / "other.ndjson"
    twice.write_bytes(file.read_bytes() * 2)
    other.write_bytes(file.read_bytes())
    assert land_run(warehouse, run, [twice, other], NOON).new_samples == 5
    assert land_run(warehouse, run, [other, twice, file], NOON).new_samples == 0
    assert len({row["sample_id"] for row in samples(warehouse)}) == len(samples(warehouse)) == 5


def test_an_import_of_the_spool_is_the_same_samples(
    warehouse: Warehouse, new_spool: NewSpool, new_study: NewStudy, tmp_path: Path
) -> None:
    """Whichever comes first; the run's own word of itself counts, with its plan."""
    spool = new_spool(new_study(arms=(Arm(temperature=0.1, body={"x": 1e-5, "ü": "🎲"}),)))
    run = fill(spool, [*answers(3), "<html>", None])
    with Warehouse.open(Settings(warehouse=str(tmp_path / "other.duckdb"))) as other:
        assert import_file(other, spool.sample_files[0], NOON).new_samples == 5
        imported = samples(other)
        later = land_run(other, run, spool.sample_files, NOON + dt.timedelta(hours=1))
        assert (later.new_samples, later.unjudged) == (0, (run.run_id,))
        runs = other.rows("select kind, planned from raw.runs order by landed_at")
        assert runs == [{"kind": "import", "planned": None}, {"kind": "run", "planned": 20}]
    land_run(warehouse, run, spool.sample_files, NOON)
    assert import_file(warehouse, spool.sample_files[0], NOON).new_samples == 0
    assert samples(warehouse) == imported
    assert counts(warehouse)["raw.runs"] == 1
    (request,) = warehouse.rows("from raw.requests")
    series = series_of_study(spool.header.study)[0]
    assert request == {"request_id": series.request_id, "request": series.request_json}


TEXTS = st.sampled_from(['"id":"x","created":1', 'a "quoted" \\ one', "\x00\x1f🎲ü\u2028", "</script>"]) | st.text()
VALUES = st.recursive(
    TEXTS | st.integers() | st.floats() | st.none() | st.just({"id": "nested", "created": 1}),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "id": TEXTS | st.integers() | st.none(),
        "created": st.integers(-5, 10**30) | st.floats(allow_nan=False),
        "object": TEXTS,
        "choices": VALUES,
        "error": VALUES,
    },
)


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Answers as providers might send them: members in any order, spaces or none, escaped or not, whole or cut off."""
    members = draw(MEMBERS.flatmap(lambda members: st.permutations(list(members.items()))))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n ", " :\t")]))
    text = json.dumps(dict(members), separators=separators, ensure_ascii=draw(st.booleans()))
    return text[: draw(st.just(len(text)) | st.integers(0, len(text)))]


ODD = st.sampled_from(
    [
        "",
        "\x00",
        "<!doctype html><title>502</title>",
        "[]",
        '{"id":"x","created":1}',
        '"id":"x","created":1',
        '{"id":"x","created":1.5,"choices":[]}',
        '{"id":"x","created":1e5}',
        '{"id":"a\\"b","created":1}',
        '{"choices":[],"created":1,"id":"x","model":"azure"}',
        '{"error":{"id":"x","created":1,"code":2},"id":"real"}',
        '{"id":"x","object":"chat.completion","created":12,"b":{"id":"x","object":"chat.completion","created":123}}',
        '{"a":' * 5000 + "1" + "}" * 5000,
        '{"id":"x","created":1,"a":NaN,"b":-Infinity,"c":1e999,"d":' + "9" * 400 + "}",
    ]
)


def id_in(body: str) -> str | None:
    """The response id that a JSON parser finds."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = parsed.get("id") if isinstance(parsed, dict) else None
    return None if found in (None, "") else str(found)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(received=st.lists(bodies() | ODD | st.text(), min_size=30, max_size=60))
def test_every_body_is_kept_byte_for_byte(
    warehouse: Warehouse, new_spool: NewSpool, new_study: NewStudy, received: list[str]
) -> None:
    """However odd it is; and its id is the one that a JSON parser finds at its top."""
    spool = new_spool(new_study())
    run = fill(spool, received)
    assert land_run(warehouse, run, spool.sample_files, NOON).new_samples == len(received)
    sql = "select response from raw.responses where run_id = $run order by requested_at"
    assert [row["response"] for row in warehouse.rows(sql, {"run": run.run_id})] == received
    rows = [row for row in samples(warehouse) if row["run_id"] == run.run_id]
    assert [row["response_id"] for row in rows] == [id_in(body) for body in received]
    assert [row["sample_id"] for row in rows] == [sample_id(row) for row in rows]


def test_bodies_that_differ_in_id_and_time_alone_are_stored_once(
    warehouse: Warehouse, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """As OpenAI and as Azure orders them; that is what keeps the warehouse small."""
    spool = new_spool(new_study())
    openai = [ANSWER | {"id": f"chatcmpl-{n}", "created": n} for n in range(10)]
    azure = [dict(sorted(body.items())) for body in openai]
    land_run(warehouse, fill(spool, map(json.dumps, [*openai, *azure])), spool.sample_files, NOON)
    assert counts(warehouse)["raw.bodies"] == 2
    assert {row["outcome"] for row in samples(warehouse)} == {"no_logprobs"}


BROKEN = [
    b"{]\n",
    b"\n[1]\n",
    b"\x00\x00\x00\n",
    b"{}\n",
    b'{"study": "\xff"}\n',
    b'{"study": "s", "endpoint": "e", "requested_at": "2026-11-20T12:00:00Z", "status": 200}\n',
    b'{"study": "s", "endpoint": "e", "requested_at": "2026-11-20T12:00:00Z", "status": 200, "request": "x"}\n',
    b'{"study": "s", "endpoint": "e", "requested_at": "2026-11-20T12:00:00Z", "status": 200, "request": {}}\n',
    b'{"study": "s", "endpoint": "e", "requested_at": "noon", "status": 200, "request": {"model": "m"}}\n',
    b'{"study": null, "endpoint": "e", "requested_at": "2026-11-20T12:00Z", "status": 0, "request": {"model": "m"}}\n',
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_a_corrupted_line_loses_only_itself(
    broken: bytes, warehouse: Warehouse, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """It is a reject with its file, its line and the reason, and its neighbours land."""
    spool = new_spool(new_study())
    fill(spool, answers(2))
    spool.append(spool.header.study.targets[0], broken)
    run = fill(spool, answers(2))
    landing = land_run(warehouse, run, spool.sample_files, NOON)
    assert (landing.new_samples, len(landing.rejects)) == (4, 1)
    assert land_run(warehouse, run, spool.sample_files, NOON).new_samples == 0
    (reject,) = warehouse.rows("from raw.rejects")
    assert (reject["run_id"], reject["file"]) == (run.run_id, spool.sample_files[0].name)
    assert reject["line"] == 3 + broken.startswith(b"\n")
    assert reject["reason"]


def test_the_bad_lines_of_two_targets_are_told_apart(
    warehouse: Warehouse, new_spool: NewSpool, new_study: NewStudy
) -> None:
    """By the name of their file."""
    spool = new_spool(new_study(models=("gpt-4o", "other")))
    for target in spool.header.study.targets:
        spool.append(target, b"{]\n")
    landing = land_run(warehouse, fill(spool, answers(1)), spool.sample_files, NOON)
    assert (landing.new_samples, len(landing.rejects)) == (1, 2)
    files = [row["file"] for row in warehouse.rows("select file from raw.rejects order by file")]
    assert files == [file.name for file in spool.sample_files]


def test_a_run_without_samples_lands_too(warehouse: Warehouse, new_spool: NewSpool, new_study: NewStudy) -> None:
    """It is one row in raw.runs, to be judged."""
    spool = new_spool(new_study())
    run = fill(spool, [])
    assert land_run(warehouse, run, spool.sample_files, NOON).unjudged == (run.run_id,)
    assert counts(warehouse)["raw.runs"] == 1


def test_typing_everything_again_gives_the_same(
    warehouse: Warehouse, new_spool: NewSpool, new_study: NewStudy, tmp_path: Path
) -> None:
    """From what is kept verbatim."""
    spool = new_spool(new_study())
    run = fill(spool, [*answers(3), "<html>", '{"error":{"id":"x","created":1}}'])
    here = Settings(warehouse=str(tmp_path / "again.duckdb"))
    with Warehouse.open(here) as again:
        land_run(again, run, spool.sample_files, NOON)
        before = counts(again), samples(again)
    restage_all(here)
    with Warehouse.open(here) as again:
        assert (counts(again), samples(again)) == before
    assert counts(warehouse)["raw.calls"] == 0


CHILD = """
import os, signal, sys
from pathlib import Path
import datetime as dt
import tasks.land
from tasks.spool import Folder
from tasks.settings import Settings
from tasks.warehouse import Warehouse

folder = Folder(Path(sys.argv[2]))
if sys.argv[3] == "half":
    Warehouse.stage = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
with Warehouse.open(Settings(warehouse=sys.argv[1])) as warehouse:
    tasks.land.land_run(warehouse, folder.run, folder.sample_files, dt.datetime.now(dt.UTC))
"""


def killed_landing(warehouse: Path, spool: Spool, when: str) -> int:
    """Land in another process, killed so many seconds after it began, or when half of it is done."""
    command: Sequence[str] = [sys.executable, "-c", CHILD, str(warehouse), str(spool.path), when]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        if when != "half":
            time.sleep(float(when))
            os.kill(child.pid, signal.SIGKILL)
    return child.returncode


def test_a_landing_that_is_killed_is_landed_again_exactly_once(
    new_spool: NewSpool, new_study: NewStudy, tmp_path: Path
) -> None:
    """At any moment: while the file is made, before and after the bodies are typed, in the commit."""
    spool = new_spool(new_study())
    run = fill(spool, (json.dumps(ANSWER | {"model": f"{n}"}) for n in range(4000)))
    path = tmp_path / "killed.duckdb"
    moments = [str(random.uniform(0.0, 0.6)) for _ in range(2)]
    codes = [killed_landing(path, spool, when) for when in ["0", *moments, "half"]]
    assert codes[-1] == -signal.SIGKILL
    with Warehouse.open(Settings(warehouse=str(path))) as warehouse:
        land_run(warehouse, run, spool.sample_files, NOON)
        (row,) = warehouse.rows(
            "select count(*) as n, count(distinct sample_id) as ids, count(served_model) as typed from stg.samples"
        )
        assert row == {"n": 4000, "ids": 4000, "typed": 4000}
        assert counts(warehouse)["stg.bodies"] == counts(warehouse)["raw.bodies"] == 4000


def test_a_full_disk_is_one_sentence_and_loses_nothing(
    new_spool: NewSpool, new_study: NewStudy, tmp_path: Path
) -> None:
    """A file-size limit stands for the disk."""
    spool = new_spool(new_study())
    run = fill(spool, (os.urandom(500).hex() for _ in range(2000)))
    here = Settings(warehouse=str(tmp_path / "full.duckdb"))
    with Warehouse.open(here):
        pass
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (here.warehouse_file.stat().st_size + 200_000, hard))
    try:
        with pytest.raises(FlipbookError, match=r"The disk is full at .*full\.duckdb"), Warehouse.open(here) as full:
            land_run(full, run, spool.sample_files, NOON)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    with Warehouse.open(here) as warehouse:
        assert counts(warehouse)["raw.calls"] == 0
        assert land_run(warehouse, run, spool.sample_files, NOON).new_samples == 2000


def long_answers(n: int, characters: int) -> list[str]:
    """Answers that are long, and all different."""
    texts = (f"{number} " + random.Random(number).randbytes(characters // 2).hex() for number in range(n))
    return [json.dumps({**ANSWER, "choices": [{"message": {"content": text}}]}) for text in texts]


def test_answers_that_do_not_fit_into_memory_at_once_land_in_parts(
    warehouse: Warehouse, new_study: NewStudy, new_spool: NewSpool
) -> None:
    """Byte for byte, each once, also where it lands a second time."""
    spool = new_spool(new_study())
    bodies = long_answers(60, 400_000)
    run = fill(spool, bodies)
    warehouse.execute("set memory_limit = '200MB'")
    files = sorted(spool.path.glob("*.ndjson"))
    assert [land_run(warehouse, run, files, NOON).new_samples for _ in range(2)] == [60, 0]
    warehouse.execute("set memory_limit = '700MB'")
    assert sorted(warehouse.column("select response from raw.responses")) == sorted(bodies)
    assert warehouse.rows("select count(*) as n, count(distinct text) as texts from stg.samples") == [
        {"n": 60, "texts": 60}
    ]


def test_what_does_not_fit_into_memory_in_parts_is_a_sentence(
    tmp_path: Path, new_study: NewStudy, new_spool: NewSpool
) -> None:
    """Nothing has landed then; with as much as the sentence asks for, all of it does."""
    spool = new_spool(new_study())
    run = fill(spool, long_answers(60, 400_000))
    here = Settings(warehouse=str(tmp_path / "small.duckdb"), memory_limit="10MB")
    files = sorted(spool.path.glob("*.ndjson"))

    def land() -> None:
        with Warehouse.open(here) as warehouse:
            land_run(warehouse, run, files, NOON)

    with pytest.raises(FlipbookError, match=r"small\.duckdb needs more memory .*: set FLIPBOOK_MEMORY_LIMIT to more"):
        land()
    here = here.model_copy(update={"memory_limit": "700MB"})
    with Warehouse.open(here) as warehouse:
        assert warehouse.rows("from raw.calls") == []
    land()
    with Warehouse.open(here) as warehouse:
        assert warehouse.column("select count(distinct text) from stg.samples") == [60]
