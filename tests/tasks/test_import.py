"""Importing what others recorded: every good line once, every bad one reported."""

import datetime as dt
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.core.canonical import default_prompt_name
from tasks.core.errors import UsageError
from tasks.land import import_file
from tasks.landed import Landing
from tasks.warehouse import Warehouse

DATA = Path(__file__).parents[1] / "data"
AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
RAW = [f"raw.{name}" for name in ("runs", "requests", "calls", "bodies", "rejects")]
LINE = {
    "study": "s",
    "endpoint": "e",
    "requested_at": "2026-03-01T06:00:00Z",
    "status": 200,
    "request": {"model": "m", "messages": []},
}

Importer = Callable[..., Landing]


@pytest.fixture
def bring(warehouse: Warehouse, tmp_path: Path) -> Importer:
    """Imports lines, as text or as fields, from a file of a name."""

    def bring(*lines: bytes | dict[str, Any], name: str = "recording.ndjson") -> Landing:
        written = [line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines]
        data = b"".join(written)
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return import_file(warehouse, tmp_path / name, AT)

    return bring


def state(warehouse: Warehouse) -> Any:
    """The rows of every raw table, and a checksum of the samples."""
    counts = [warehouse.rows(f"select count(*) as n from {table}")[0]["n"] for table in RAW]
    checksum = "select md5(string_agg(samples::varchar, '' order by sample_id)) as sum from stg.samples as samples"
    return counts, warehouse.rows(checksum)


@pytest.mark.parametrize("name", ["gpt-4o-x-2026-08.ndjson", "local-coin.ndjson"])
def test_a_second_import_changes_nothing(warehouse: Warehouse, name: str) -> None:
    """Nor does one of the same file from elsewhere, gzipped or not."""
    first = import_file(warehouse, DATA / name, AT)
    before = state(warehouse)
    second = import_file(warehouse, DATA / name, AT + dt.timedelta(days=1))
    assert state(warehouse) == before
    assert (first.new_samples, second.new_samples) == (before[0][2], 0)
    assert first.days == second.days


def test_a_gzipped_file_is_read_as_it_is(bring: Importer, warehouse: Warehouse) -> None:
    """It gives the samples that the plain one gives."""
    assert bring(LINE, {**LINE, "response": "{}", "status": 201}, name="a.ndjson.gz").new_samples == 2
    assert bring(LINE, {**LINE, "response": "{}", "status": 201}).new_samples == 0
    assert state(warehouse)[0][2] == 2


@pytest.mark.parametrize("bad", [[], [b"{]\n"]])
def test_a_copy_of_a_file_that_landed_is_no_run(bring: Importer, warehouse: Warehouse, bad: list[bytes]) -> None:
    """Gzipped, or a part of it: who looks at the runs sees one."""
    first = bring(LINE, {**LINE, "status": 500}, *bad)
    copy = bring(LINE, {**LINE, "status": 500}, *bad, name="copy.ndjson.gz")
    part = bring(LINE, name="part.ndjson")
    assert (first.new_samples, copy.new_samples, part.new_samples) == (2, 0, 0)
    assert warehouse.rows("select run_id from raw.runs") == [{"run_id": first.unjudged[0]}]
    assert set(copy.unjudged + part.unjudged) <= set(first.unjudged)


def test_bad_lines_are_reported_and_stop_nothing(bring: Importer, warehouse: Warehouse) -> None:
    """Each with its file, its line and the reason; a byte-order mark, CRLF and blank lines are no mistakes."""
    good = json.dumps(LINE).encode()
    lines = [b"\xef\xbb\xbf" + good + b"\r\n", b"\n", b"{]\n", {**LINE, "status": "x"}, {**LINE, "study": "\ud800"}]
    landing = bring(*lines, b'{"study": "\x00"}\n', {**LINE, "status": 500}, good)
    assert landing.new_samples == 3
    rows = warehouse.rows("from raw.rejects order by line")
    assert {row["file"] for row in rows} == {"recording.ndjson"}
    assert {row["run_id"] for row in rows} == set(landing.unjudged)
    assert [row["line"] for row in rows] == [3, 4, 5, 6]
    assert [row["reason"].split(":")[0] for row in rows] == [
        "is not JSON",
        "status is not a count",
        "cannot be kept",
        "is not JSON",
    ]
    assert rows[0]["text"] == "{]\n"
    before = state(warehouse)
    bring(*lines, b'{"study": "\x00"}\n', {**LINE, "status": 500}, good)
    assert state(warehouse) == before


def test_a_file_of_bad_lines_alone_is_kept_in_mind(bring: Importer, warehouse: Warehouse) -> None:
    """It is a run without samples, with its rejects."""
    landing = bring(b"hello\n", b"world\n")
    assert (landing.new_samples, landing.days, len(landing.rejects)) == (0, (), 2)
    assert state(warehouse)[0] == [1, 0, 0, 0, 2]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        # A gzip file holds the time: without one, each process of the tests names the same cases.
        ("empty.ndjson", b"", "is empty: a recording has one sample a line"),
        ("blank.ndjson", b"\n \r\n", "is empty"),
        ("empty.ndjson.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("text.ndjson.gz", b"hello", "is no whole gzip file"),
        ("cut.ndjson.gz", gzip.compress(json.dumps(LINE).encode(), mtime=0)[:-9], "is no whole gzip file"),
        ("bent.ndjson.gz", gzip.compress(b"x" * 99, mtime=0)[:12] + b"\x07\xff" * 9, "is no whole gzip file"),
    ],
)
def test_what_is_no_recording_is_refused(
    name: str, data: bytes, said: str, warehouse: Warehouse, tmp_path: Path
) -> None:
    """In one sentence with the file's name, and nothing lands."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=f"{name} {said}"):
        import_file(warehouse, tmp_path / name, AT)
    assert state(warehouse)[0] == [0] * 5


def test_a_missing_file_and_a_directory_are_named(warehouse: Warehouse, tmp_path: Path) -> None:
    """In one sentence."""
    with pytest.raises(UsageError, match=r"none\.ndjson cannot be read: No such file"):
        import_file(warehouse, tmp_path / "none.ndjson", AT)
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        import_file(warehouse, tmp_path, AT)


def test_repeats_are_counted_by_time_within_series_and_day(bring: Importer, warehouse: Warehouse) -> None:
    """From 0, where the lines say none; what they say stays."""
    late, early = "2026-03-01T07:00:00Z", "2026-03-01T08:30:00+02:00"
    bring(
        {**LINE, "requested_at": late},
        {**LINE, "requested_at": early},
        {**LINE, "requested_at": "2026-03-02T00:00:00Z"},
        {**LINE, "requested_at": late, "prompt": "other"},
        {**LINE, "requested_at": late, "prompt": "said", "repeat": 7},
        {**LINE, "requested_at": late, "request": {"model": "n", "messages": []}},
    )
    unnamed = {"prompt": default_prompt_name([])}
    sql = "select day(day) as day, repeat from stg.samples where prompt = $prompt and model = 'm' order by requested_at"
    rows = warehouse.rows(sql, unnamed)
    assert [(row["day"], row["repeat"]) for row in rows] == [(1, 0), (1, 1), (2, 0)]
    others = warehouse.rows(
        "select repeat from stg.samples where prompt in ('other', 'said') or model = 'n' order by all"
    )
    assert [row["repeat"] for row in others] == [0, 0, 7]


def test_a_response_may_be_text_or_an_object(bring: Importer, warehouse: Warehouse) -> None:
    """Text is kept byte for byte, an object as equal JSON; both are read alike."""
    text = '{ "id":"x", "created":1, "model":"ü", "choices":[{"message":{"content":"Heads"}}] }'
    bring({**LINE, "response": text}, {**LINE, "response": json.loads(text)})
    rows = warehouse.rows("select response, requested_at from raw.responses order by length(response) desc")
    assert rows[0]["response"] == text
    assert json.loads(rows[1]["response"]) == json.loads(text)
    assert warehouse.rows("select distinct text, served_model, response_id, outcome from stg.samples") == [
        {"text": "Heads", "served_model": "ü", "response_id": "x", "outcome": "ok"}
    ]


def test_hostile_names_are_names(bring: Importer, warehouse: Warehouse) -> None:
    """Whatever stands in them, they come back as they were."""
    names = ["'; drop table raw.calls; --", "../../etc/passwd", "<script>", "{{ x }}", "ü\x00\n\x1f🎲", '"', "$days"]
    landing = bring(*({**LINE, "study": name, "arm": name, "prompt": name} for name in names))
    assert sorted(landing.studies) == sorted(names)
    rows = warehouse.rows("select study, arm, prompt from stg.samples")
    assert sorted(row["study"] for row in rows) == sorted(names)
    assert all(len(set(row.values())) == 1 for row in rows)
    assert len(landing.unjudged) == len(names)


def test_secret_headers_never_land(bring: Importer, warehouse: Warehouse) -> None:
    """The others do, and those of the simulator mark the sample."""
    bring({**LINE, "headers": {"Authorization": "Bearer sk-1", "x-flipbook-simulated": "1"}})
    assert warehouse.rows("select headers from raw.responses") == [{"headers": '{"x-flipbook-simulated":"1"}'}]
    assert warehouse.rows("select is_simulated from stg.samples") == [{"is_simulated": True}]


def test_several_files_of_one_run_widen_it(bring: Importer, warehouse: Warehouse) -> None:
    """The latest row of raw.runs spans all of its samples."""
    first, second = ({**LINE, "run_id": "r", "requested_at": f"2026-03-0{day}T06:00:00Z"} for day in (1, 2))
    bring(second, name="2.ndjson")
    bring(first, name="1.ndjson")
    rows = warehouse.rows("select run_id, kind, day(started_at) as first, day(ended_at) as last from raw.runs")
    assert rows[-1] == {"run_id": "r", "kind": "import", "first": 1, "last": 2}


def test_a_longer_recording_of_the_same_name_adds_what_is_new(bring: Importer, warehouse: Warehouse) -> None:
    """Its first lines are known, bad ones included where they name their run."""
    lines = [{**LINE, "run_id": "r", "requested_at": f"2026-03-01T06:00:0{n}Z"} for n in range(4)]
    assert bring(*lines[:2], b"{]\n").new_samples == 2
    assert bring(*lines[:2], b"{]\n", *lines[2:], b"{[\n").new_samples == 2
    assert [row["line"] for row in warehouse.rows("select line from raw.rejects order by line")] == [3, 6]
    assert [row["repeat"] for row in warehouse.rows("select repeat from stg.samples order by repeat")] == [0, 1, 2, 3]
