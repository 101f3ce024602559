"""A run's folder: made whole, locked while its process lives, resumed line by line, finished, landed, removed."""

import datetime as dt
import json
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.core.plan import series_of_study
from tasks.core.study import Study, Target
from tasks.holders import LOCKS
from tasks.spool import (
    Folder,
    LineTemplate,
    RunHeader,
    Spool,
    SpoolWriteError,
    close_past,
    finished_not_landed,
    left_to_land,
    prune,
)

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
DAY = NOON.date()
FIELDS = {
    *("study", "endpoint", "arm", "prompt", "day", "repeat", "requested_at", "follow", "latency_s", "attempts"),
    *("status", "request", "response", "headers", "error", "run_id"),
}

NewSpool = Callable[..., Spool]
NewStudy = Callable[..., Study]


def line(spool: Spool, repeat: int, response: str | None = "{}", **fields: Any) -> bytes:
    """One sample of the study's first series."""
    template = LineTemplate(spool.header, series_of_study(spool.header.study)[0])
    given = {"requested_at": NOON, "latency_s": 0.25, "attempts": 1, "status": 200, "headers": {}, "error": None}
    return template.line(repeat=repeat, response=response, **(given | fields))


def target(spool: Spool) -> Target:
    """The study's first target."""
    return spool.header.study.targets[0]


def repeats(folder: Folder) -> list[int]:
    """The repeats of the first target's samples, as they stand in the file."""
    return [sample["repeat"] for sample in folder.samples(folder.header.study.targets[0])]


def test_a_line_has_every_field_of_the_recording_format(new_spool: NewSpool, new_study: NewStudy) -> None:
    """The request as an object, the response as text, times in UTC with microseconds."""
    spool = new_spool(new_study())
    hostile = '{"text": "\\ud800 \u2028 🎲 \x00 </script>"}'
    tokyo = NOON.astimezone(dt.timezone(dt.timedelta(hours=9)))
    written = line(spool, 3, hostile, requested_at=tokyo, headers={"x-request-id": "req_1"})
    assert written.count(b"\n") == 1
    sample = json.loads(written)
    assert sample.keys() == FIELDS
    assert sample["response"] == hostile
    assert sample["requested_at"] == "2026-11-20T12:00:00.000000+00:00"
    assert sample["request"] == series_of_study(spool.header.study)[0].body
    assert (sample["day"], sample["run_id"]) == ("2026-11-20", spool.header.run_id)


def test_run_ids_sort_by_time_and_name_the_study(new_study: NewStudy) -> None:
    """Whatever the zone of the clock they were made with."""
    header = RunHeader.new(new_study(), DAY, started_at=NOON.astimezone(dt.timezone(dt.timedelta(hours=-5))))
    assert header.run_id.startswith("20261120T120000-coin-flip-")
    assert header.planned == 20
    assert header.versions.keys() >= {"python", "openai"}


def test_a_lock_keeps_others_out_and_ends_with_its_holder(new_spool: NewSpool, new_study: NewStudy) -> None:
    """Nobody resumes a run that somebody writes."""
    study = new_study()
    spool = new_spool(study)
    root = spool.path.parent
    assert Spool.resumable(root, study, DAY) is None
    spool.append(target(spool), line(spool, 0))
    spool.close()
    with Spool.resumable(root, study, DAY) or pytest.fail("nothing to resume") as resumed:
        assert resumed.path == spool.path
        assert repeats(resumed) == [0]
        assert Spool.resumable(root, study, DAY) is None


def test_only_the_same_study_day_and_configuration_is_resumed(new_spool: NewSpool, new_study: NewStudy) -> None:
    """And nothing that has landed."""
    spool = new_spool(new_study())
    root = spool.path.parent
    spool.close()
    assert Spool.resumable(root, new_study(), DAY + dt.timedelta(days=1)) is None
    assert Spool.resumable(root, new_study(samples=21), DAY) is None
    assert Spool.resumable(root, new_study(name="other"), DAY) is None
    with Spool.resumable(root, new_study(), DAY) or pytest.fail("nothing to resume") as resumed:
        resumed.finish(resumed.header.run("complete", None, attempted=0, ended_at=NOON, source="here"))
        resumed.mark_landed()
    assert Spool.resumable(root, new_study(), DAY) is None


def test_a_run_that_was_killed_after_sampling_is_taken_up_again(new_spool: NewSpool, new_study: NewStudy) -> None:
    """Else the same command would ask everything a second time. While its process lives, it is left alone."""
    spool = new_spool(new_study())
    root = spool.path.parent
    spool.finish(spool.header.run("complete", None, attempted=20, ended_at=NOON, source="here"))
    assert Spool.resumable(root, new_study(), DAY) is None
    spool.close()
    with Spool.resumable(root, new_study(), DAY) or pytest.fail("nothing to resume") as resumed:
        assert resumed.run == spool.run


def test_a_child_process_does_not_keep_the_lock(new_spool: NewSpool, new_study: NewStudy) -> None:
    """Such as a simulator that outlives its starter for a moment."""
    spool = new_spool(new_study())
    command = [sys.executable, "-c", "print(flush=True); input()"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
    try:
        # A system may let us go on before the child has closed what it must not inherit.
        assert child.stdout is not None
        assert child.stdout.readline() == b"\n"
        spool.close()
        with Spool.resumable(spool.path.parent, new_study(), DAY) or pytest.fail("still locked"):
            pass
    finally:
        child.communicate()


@pytest.mark.parametrize("cut", [b'{"study": "coin-flip", "rep', b"\x00" * 100_000])
def test_a_cut_last_line_is_dropped(cut: bytes, new_spool: NewSpool, new_study: NewStudy) -> None:
    """Reading passes over it, and the next line does not stick to it."""
    spool = new_spool(new_study())
    spool.append(target(spool), line(spool, 0))
    spool.close()
    with spool.sample_files[0].open("ab") as file:
        file.write(cut)
    assert repeats(spool) == [0]
    with Spool.resumable(spool.path.parent, new_study(), DAY) or pytest.fail("nothing to resume") as resumed:
        resumed.append(target(spool), line(spool, 1))
        assert repeats(resumed) == [0, 1]
    assert cut not in spool.sample_files[0].read_bytes()


@pytest.mark.parametrize("broken", [b"{]\n", b"[1]\n", b"\xff\xfe\n", b'{"arm": 1}\n', b"\n"])
def test_a_broken_line_in_the_middle_loses_only_itself(broken: bytes, new_spool: NewSpool, new_study: NewStudy) -> None:
    """It stays in the file, for landing to report."""
    spool = new_spool(new_study())
    for written in (line(spool, 0), broken, line(spool, 1)):
        spool.append(target(spool), written)
    assert repeats(spool) == [0, 1]
    assert broken in spool.sample_files[0].read_bytes()


def test_a_full_disk_is_one_sentence_and_loses_nothing_written(new_spool: NewSpool, new_study: NewStudy) -> None:
    """A file-size limit stands for the disk: the kernel writes a part of the line, as it does when space runs out."""
    spool = new_spool(new_study())
    spool.append(target(spool), line(spool, 0))
    size = spool.sample_files[0].stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
    try:
        for _ in range(2):
            with pytest.raises(SpoolWriteError, match=r"The disk is full at .*: make room and run"):
                spool.append(target(spool), line(spool, 1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert spool.sample_files[0].stat().st_size == size
    spool.append(target(spool), line(spool, 1))
    assert repeats(spool) == [0, 1]


def test_finished_runs_land_once(new_spool: NewSpool, new_study: NewStudy) -> None:
    """Whoever wrote them; the run says how it ended."""
    spool = new_spool(new_study())
    root = spool.path.parent
    assert finished_not_landed(root) == []
    run = spool.header.run("incomplete", "stopped", attempted=3, ended_at=NOON, source=str(spool.path))
    spool.finish(run)
    (folder,) = finished_not_landed(root)
    assert folder.run == run
    folder.mark_landed()
    assert finished_not_landed(root) == []


@pytest.mark.skipif(not LOCKS.exists(), reason="the system does not list who holds a lock")
def test_a_run_whose_process_still_holds_it_is_that_ones_to_land(new_spool: NewSpool, new_study: NewStudy) -> None:
    """Its own process sees it; any other one not before that has ended."""
    spool = new_spool(new_study())
    spool.finish(spool.header.run("complete", None, attempted=20, ended_at=NOON, source="here"))
    assert [folder.path for folder in left_to_land(spool.path.parent)] == [spool.path]
    spool.close()
    holding = (
        f"import fcntl; lock = open({str(spool.path / 'lock')!r}); fcntl.flock(lock, fcntl.LOCK_EX); print(); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        other.stdout.readline()
        assert left_to_land(spool.path.parent) == []
        assert len(finished_not_landed(spool.path.parent)) == 1
        other.kill()
    assert [folder.path for folder in left_to_land(spool.path.parent)] == [spool.path]


def test_what_was_left_behind_is_closed_when_its_day_is_over(new_spool: NewSpool, new_study: NewStudy) -> None:
    """Today's runs, and those that a process holds, are left alone."""
    yesterday, tomorrow = NOON - dt.timedelta(days=1), DAY + dt.timedelta(days=1)
    abandoned = new_spool(new_study(), DAY - dt.timedelta(days=1), yesterday)
    abandoned.append(target(abandoned), line(abandoned, 0))
    held = new_spool(new_study(), DAY - dt.timedelta(days=1), yesterday)
    of_another_day = new_spool(new_study(), dt.date(2026, 1, 1), NOON)
    for spool in (abandoned, of_another_day):
        spool.close()
    assert [folder.path for folder in close_past(held.path.parent, DAY)] == [abandoned.path]
    run = abandoned.run
    assert (run.state, run.attempted, run.planned) == ("incomplete", 1, 20)
    assert run.reason == "its process was stopped or killed, and its day is over"
    held.close()
    closed = close_past(held.path.parent, tomorrow)
    assert {folder.path for folder in closed} == {held.path, of_another_day.path}


def close_by_a_clock_ahead(spool: Spool) -> Folder:
    """What a run does whose clock is a day ahead with one that was killed."""
    spool.close()
    (folder,) = close_past(spool.path.parent, DAY + dt.timedelta(days=1))
    return folder


@pytest.mark.parametrize("is_landed", [False, True])
def test_a_run_that_a_wrong_clock_closed_goes_on(is_landed: bool, new_spool: NewSpool, new_study: NewStudy) -> None:
    """Its day is not over after all: what it has is not asked a second time, and all of it lands again."""
    spool = new_spool(new_study())
    root = spool.path.parent
    spool.append(target(spool), line(spool, 0))
    closed = close_by_a_clock_ahead(spool)
    if is_landed:
        closed.mark_landed()
    with Spool.resumable(root, new_study(), DAY) or pytest.fail("nothing to resume") as resumed:
        assert (resumed.path, repeats(resumed)) == (closed.path, [0])
        assert (resumed.is_finished, resumed.is_landed) == (False, False)
        assert finished_not_landed(root) == []
        resumed.append(target(resumed), line(resumed, 1))
        resumed.finish(resumed.header.run("complete", None, attempted=2, ended_at=NOON, source="here"))
    (folder,) = finished_not_landed(root)
    folder.mark_landed()
    assert Spool.resumable(root, new_study(), DAY) is None


def test_who_lands_an_older_end_does_not_say_that_the_newer_one_landed(
    new_spool: NewSpool, new_study: NewStudy
) -> None:
    """It was closed, and taken up again and finished while another process landed what it had."""
    spool = new_spool(new_study())
    root = spool.path.parent
    slow = close_by_a_clock_ahead(spool)
    older = slow.run
    with Spool.resumable(root, new_study(), DAY) or pytest.fail("nothing to resume") as resumed:
        slow.mark_landed(older)
        assert not resumed.is_landed
        resumed.append(target(resumed), line(resumed, 0))
        resumed.finish(resumed.header.run("complete", None, attempted=1, ended_at=NOON, source="here"))
    slow.mark_landed(older)
    assert [folder.path for folder in finished_not_landed(root)] == [resumed.path]


def test_what_an_older_version_landed_stays_landed(new_spool: NewSpool, new_study: NewStudy) -> None:
    """Its mark is an empty file."""
    spool = new_spool(new_study())
    spool.finish(spool.header.run("complete", None, attempted=0, ended_at=NOON, source="here"))
    (spool.path / "landed").touch()
    assert spool.is_landed
    (spool.path / "finished.json").write_text('{"run_id": "x", "new_field": 1}')
    assert spool.is_landed


def test_half_made_and_unreadable_folders_stop_nobody(
    new_spool: NewSpool, new_study: NewStudy, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder appears whole; one that a newer version wrote is named in a warning."""
    spool = new_spool(new_study())
    root = spool.path.parent
    (root / ".half-1").mkdir()
    (root / "20270101T000000-of-tomorrow").mkdir()
    (root / "20270101T000000-of-tomorrow" / "run.json").write_text('{"run_id": "x", "new_field": 1}')
    spool.finish(spool.header.run("complete", None, attempted=20, ended_at=NOON, source="here"))
    assert [folder.path for folder in finished_not_landed(root)] == [spool.path]
    assert "of-tomorrow" in caplog.text
    assert finished_not_landed(root / "nowhere") == []


def test_only_landed_runs_are_removed_after_their_time(new_spool: NewSpool, new_study: NewStudy) -> None:
    """What has not landed stays, however old."""
    landed, unlanded = new_spool(new_study()), new_spool(new_study())
    for spool in (landed, unlanded):
        spool.finish(spool.header.run("complete", None, attempted=20, ended_at=NOON, source="here"))
    landed.mark_landed()
    root = landed.path.parent
    half = root / ".half-made-and-left"
    half.mkdir()
    today = dt.datetime.now(dt.UTC).date()
    assert prune(root, 30, today + dt.timedelta(days=30)) == []
    assert prune(root, 30, today + dt.timedelta(days=31)) == [landed.path]
    assert list(root.iterdir()) == [unlanded.path]


def test_a_run_that_ends_while_it_is_looked_at_is_not_closed_as_left_behind(
    new_spool: NewSpool, new_study: NewStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process finished it between our look and our lock: what it said of its end stands."""
    yesterday = NOON - dt.timedelta(days=1)
    spool = new_spool(new_study(), yesterday.date(), yesterday)
    lock = Spool.lock

    def finish_and_lock(folder: Folder) -> Spool | None:
        spool.finish(spool.header.run("complete", None, attempted=20, ended_at=NOON, source="here"))
        spool.close()
        return lock(folder)

    monkeypatch.setattr(Spool, "lock", finish_and_lock)
    assert close_past(spool.path.parent, DAY) == []
    assert spool.run.state == "complete"


def test_two_processes_may_prune_at_once(
    new_spool: NewSpool, new_study: NewStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the other one removes first is no failure, and the rest still goes."""
    spools = [new_spool(new_study()) for _ in range(2)]
    for spool in spools:
        spool.finish(spool.header.run("complete", None, attempted=20, ended_at=NOON, source="here"))
        spool.mark_landed()
    root = spools[0].path.parent
    rename = Path.rename

    def removed_by_another(path: Path, to: Path) -> Path:
        if path == spools[0].path:
            shutil.rmtree(path)
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", removed_by_another)
    assert prune(root, 7, dt.datetime.now(dt.UTC).date() + dt.timedelta(days=8)) == [spools[1].path]
    assert list(root.iterdir()) == []


def test_a_run_that_another_process_landed_and_removed_stops_nobody(new_spool: NewSpool, new_study: NewStudy) -> None:
    """Two processes land the same run; one whose clock is days ahead removes it before the other is through."""
    spool = new_spool(new_study())
    spool.finish(spool.header.run("complete", None, attempted=20, ended_at=NOON, source="here"))
    mine, others = Folder(spool.path), Folder(spool.path)
    others.mark_landed()
    prune(spool.path.parent, 7, dt.datetime.now(dt.UTC).date() + dt.timedelta(days=8))
    mine.mark_landed()
    assert not spool.path.exists()


def test_an_end_that_cannot_be_read_stops_nobody(
    new_spool: NewSpool, new_study: NewStudy, caplog: pytest.LogCaptureFixture
) -> None:
    """One that a newer version wrote stays where it is, is named in a warning, and is not taken up."""
    newer, ours = new_spool(new_study()), new_spool(new_study())
    for spool in (newer, ours):
        spool.finish(spool.header.run("complete", None, attempted=20, ended_at=NOON, source="here"))
        spool.close()
    (newer.path / "finished.json").write_text('{"run_id": "x", "new_field": 1}')
    assert [folder.path for folder in finished_not_landed(ours.path.parent)] == [ours.path]
    assert str(newer.path) in caplog.text
    with Spool.resumable(ours.path.parent, new_study(), DAY) or pytest.fail("nothing to resume") as resumed:
        assert resumed.path == ours.path


def test_a_folder_of_another_user_stops_nobody(new_spool: NewSpool, new_study: NewStudy) -> None:
    """A lock that cannot be opened is as good as held."""
    spool = new_spool(new_study())
    spool.close()
    (spool.path / "lock").unlink()
    (spool.path / "lock").mkdir()
    assert Spool.resumable(spool.path.parent, new_study(), DAY) is None
    assert close_past(spool.path.parent, DAY + dt.timedelta(days=1)) == []


def test_two_models_with_one_slug_have_two_files(new_spool: NewSpool, new_study: NewStudy) -> None:
    """File names are for eyes; the number tells them apart."""
    spool = new_spool(new_study(models=("a/b", "a b")))
    for one in spool.header.study.targets:
        spool.append(one, line(spool, 0))
    assert [file.name for file in spool.sample_files] == ["0-sim-a-b.ndjson", "1-sim-a-b.ndjson"]


def test_finished_files_are_whole(new_spool: NewSpool, new_study: NewStudy, tmp_path: Path) -> None:
    """No temporary file is left."""
    spool = new_spool(new_study())
    spool.append(target(spool), line(spool, 0))
    spool.finish(spool.header.run("complete", None, attempted=1, ended_at=NOON, source=str(tmp_path)))
    assert sorted(path.name for path in spool.path.iterdir()) == [
        "0-sim-gpt-4o.ndjson",
        "finished.json",
        "lock",
        "run.json",
    ]
