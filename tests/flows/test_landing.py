"""Everything after the last response: what cannot land holds up nothing else, and nothing is forgotten."""

import datetime as dt
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.landing import land_recordings, land_spools
from tasks.backup import back_up
from tasks.core.errors import FlipbookError, UsageError, WarehouseHeldError
from tasks.core.plan import series_of_study
from tasks.core.study import Study
from tasks.land import land_recording
from tasks.settings import PROJECT
from tasks.spool import LineTemplate, RunHeader, Spool

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
BODY = '{"id": "x", "created": 1, "choices": [{"message": {"content": "Heads"}}]}'


@pytest.fixture
def spooled(place: Any, coin_flip: Callable[..., Study]) -> Callable[[int], Path]:
    """Makes a finished spool of one sample for a day of November; its folder."""

    def make(day: int) -> Path:
        at = NOW.replace(day=day)
        header = RunHeader.new(coin_flip(samples=1), at.date(), started_at=at)
        (target,), (series,) = header.study.targets, series_of_study(header.study)
        with Spool.create(place.settings.spool, header) as spool:
            given = {"latency_s": 0.2, "attempts": 1, "status": 200, "response": BODY, "headers": None, "error": None}
            spool.append(target, LineTemplate(header, series).line(repeat=0, requested_at=at, **given))
            spool.finish(header.run("complete", None, attempted=1, ended_at=at, source=header.run_id))
        return spool.path

    return make


@pytest.fixture
def recording(place: Any) -> Callable[[int], Path]:
    """Makes a recording of one sample on a day of November."""

    def make(day: int) -> Path:
        line = {
            "study": f"study-{day}",
            "endpoint": "openai",
            "requested_at": f"2026-11-{day:02}T06:00:00Z",
            "status": 200,
            "request": {"model": "m", "messages": []},
            "response": BODY,
        }
        file: Path = place.folder / f"{day}.ndjson"
        file.write_text(json.dumps(line) + "\n")
        return file

    return make


def counted_days(place: Any) -> list[int]:
    """The days of November that the marts know, of runs that were judged."""
    days = counted_days_of_marts(place)
    assert place.rows("select count(distinct run_id) as n from raw.expectations") == [{"n": len(days)}]
    return days


def counted_days_of_marts(place: Any) -> list[int]:
    """The days of November that the marts know."""
    return [row["day"] for row in place.rows("select day(day) as day from mart.calls_by_day order by day")]


def test_a_spool_that_cannot_land_holds_up_no_other(place: Any, spooled: Callable[[int], Path]) -> None:
    """It is named at the end, and lands once it can be read."""
    first, broken, last = map(spooled, (1, 2, 3))
    (file,) = broken.glob("*.ndjson")
    kept = file.rename(file.with_suffix(".kept"))
    file.mkdir()
    with pytest.raises(FlipbookError, match=rf"{broken.name} did not land"):
        land_spools(place.settings, pages=False)
    assert counted_days(place) == [1, 3]
    assert [(path / "landed").exists() for path in (first, broken, last)] == [True, False, True]
    file.rmdir()
    kept.rename(file)
    land_spools(place.settings, pages=False)
    assert counted_days(place) == [1, 2, 3]


def test_what_an_aborted_import_landed_is_counted_with_the_next_one(
    place: Any, recording: Callable[[int], Path]
) -> None:
    """Stopped between two files: nobody has to import the first again."""
    land_recording.fn(place.settings, recording(1), NOW)
    result = land_recordings(place.settings, [recording(2)])
    assert [landing.source for landing in result.landings] == ["2.ndjson"]
    assert counted_days(place) == [1, 2]


def test_what_was_judged_and_not_counted_is_counted_with_the_next_one(
    place: Any, recording: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A held warehouse is not 'landed later': it has landed."""

    def held(*_: object) -> None:
        raise WarehouseHeldError("Process 7 holds the warehouse.")

    land_recordings(place.settings, [recording(1)])
    with monkeypatch.context() as patched:
        patched.setattr("flows.landing.aggregate_days.fn", held)
        with pytest.raises(FlipbookError, match="has landed: the next run") as raised:
            land_recordings(place.settings, [recording(2)])
    assert not isinstance(raised.value, WarehouseHeldError)
    assert counted_days_of_marts(place) == [1]
    land_recordings(place.settings, [recording(3)])
    assert counted_days(place) == [1, 2, 3]


def test_an_import_without_a_good_line_fails_and_keeps_the_bad_ones(
    place: Any, recording: Callable[[int], Path]
) -> None:
    """With exit code 1 and the file's name; another file still lands. A missing file is wrong usage."""
    bad = place.folder / "bad.ndjson"
    bad.write_text("hello\nworld\n")
    with pytest.raises(FlipbookError, match=r"bad\.ndjson has no line that is a sample") as raised:
        land_recordings(place.settings, [bad, recording(1)])
    assert raised.value.exit_code == 1
    assert counted_days_of_marts(place) == [1]
    assert place.rows("select line from raw.rejects order by line") == [{"line": 1}, {"line": 2}]
    with pytest.raises(UsageError, match="nobody"):
        land_recordings(place.settings, [place.folder / "nobody.ndjson"])


def test_a_restore_with_nothing_in_the_spool_lands_nothing(place: Any, recording: Callable[[int], Path]) -> None:
    """What is in place is the backup as it is, of its own format."""
    land_recordings(place.settings, [recording(1)])
    back_up(place.settings, place.folder / "backup", NOW)
    place.settings.warehouse_file.unlink()
    restored = place.run("restore", str(place.folder / "backup"))
    assert restored.returncode == 0, restored.stderr
    assert len(restored.stdout.splitlines()) == 2
    assert restored.stdout.endswith("Then: flipbook rebuild, which makes every table and page again.\n")
    assert counted_days(place) == [1]


def test_a_restore_of_an_older_format_lands_what_it_can(place: Any, spooled: Callable[[int], Path]) -> None:
    """The warehouse is migrated, and counted; a run that cannot land is named, with what to do, and the exit code says so."""
    packed = PROJECT / "tests" / "data" / "warehouses" / "format-1.duckdb.xz"
    place.settings.warehouse_file.write_bytes(lzma.decompress(packed.read_bytes()))
    before = place.rows("select count(*) as n from raw.calls")[0]["n"]
    back_up(place.settings, place.folder / "backup", NOW)
    good, broken = map(spooled, (1, 2))
    (file,) = broken.glob("*.ndjson")
    kept = file.rename(file.with_suffix(".kept"))
    file.mkdir()
    restored = place.run("restore", "--force", str(place.folder / "backup"))
    assert restored.returncode == 1
    assert f"flipbook: The backup is in place, but 1 of the 2 runs that wait in the spool still do: {broken}" in (
        restored.stderr
    )
    assert "the next run of any study lands them. Then: flipbook rebuild." in restored.stderr
    assert [(path / "landed").exists() for path in (good, broken)] == [True, False]
    file.rmdir()
    kept.rename(file)
    land_spools(place.settings, pages=False)
    assert place.rows("select count(*) as n from raw.calls") == [{"n": before + 2}]
    assert place.rows("select sum(n) as n from mart.calls_by_day") == [{"n": before + 2}]
