"""The process that judges: it answers, its death is said, and it never outlives whoever started it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tasks.core.errors import FlipbookError
from tasks.core.expectations import Expectation
from tasks.judging import ExpectationError, Judging

PROJECT = Path(__file__).resolve().parents[2]
PARENT = """
import os, signal
from tasks.judging import Judging

with Judging() as judging:
    judging.start()
    print(judging._child.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def expectation(name: str) -> Expectation:
    """One that looks at a fact of its own name."""
    return Expectation(name, "warning", breaks=name, among="samples", found="", absent="")


def wait_until_gone(pid: int) -> None:
    """Until there is no such process, or the test fails."""
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline, "the judge is still there"
        time.sleep(0.05)


def test_every_row_must_be_zero(judging: Judging) -> None:
    """Of a thousand series one is enough; nothing asked is nothing answered."""
    asked = [expectation("good"), expectation("bad")]
    rows = [{"good": 0, "bad": int(number == 700), "more": "text"} for number in range(1000)]
    assert judging.judge(asked, rows) == {"good": True, "bad": False}
    assert judging.judge([], rows) == {}


def test_what_cannot_be_judged_is_an_error(judging: Judging) -> None:
    """Great Expectations would call it a failed expectation; the process goes on."""
    with pytest.raises(ExpectationError, match="could not judge 'odd': "):
        judging.judge([expectation("odd")], [{"odd": "a text"}])
    assert judging.judge([expectation("fine")], [{"fine": 0}]) == {"fine": True}


def test_its_death_is_said_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line that it left behind."""
    (tmp_path / "great_expectations.py").write_text("raise ImportError('there is nobody here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Judging() as judging, pytest.raises(ExpectationError, match="no answer: ImportError: there is nobody here"):
        judging.judge([expectation("fine")], [{"fine": 0}])


def test_killed_it_is_followed_by_another() -> None:
    """Once it is ready, and while it gets ready: a machine that is short of memory kills the largest process."""
    with Judging() as judging:
        judging.start()
        for _ in range(2):
            assert judging._child is not None
            judging._child.kill()
            judging._child.wait()
            assert judging.judge([expectation("fine")], [{"fine": 0}]) == {"fine": True}
        judging.end()
        assert judging.judge([expectation("fine")], [{"fine": 0}]) == {"fine": True}


def test_killed_again_and_again_it_is_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence with what becomes of the run; and no third attempt."""
    counted = tmp_path / "starts"
    killed = f"import os, signal; open({str(counted)!r}, 'a').write('x'); os.kill(os.getpid(), signal.SIGKILL)"
    (tmp_path / "great_expectations.py").write_text(killed)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (
        Judging() as judging,
        pytest.raises(FlipbookError, match=r"ended without a word\. What was received has landed"),
    ):
        judging.judge([expectation("fine")], [{"fine": 0}])
    assert counted.read_text() == "xx"


def test_it_ends_with_a_killed_parent() -> None:
    """`kill -9` leaves nobody behind."""
    parent = subprocess.run([sys.executable, "-c", PARENT], cwd=PROJECT, capture_output=True, text=True, check=False)
    wait_until_gone(int(parent.stdout))


def test_keys_are_not_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has nobody to call."""
    kept = tmp_path / "environment"
    (tmp_path / "great_expectations.py").write_text(f"import os; open({str(kept)!r}, 'w').write(repr([*os.environ]))")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with Judging() as judging, pytest.raises(ExpectationError):
        judging.wait()
    assert "PATH" in kept.read_text()
    assert "OPENAI_API_KEY" not in kept.read_text()
    assert "OPENAI_API_KEY" in os.environ


def test_great_expectations_stays_out_of_this_process() -> None:
    """It costs seconds and 200 MB."""
    probe = "import sys, flows.landing; sys.exit('great_expectations' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], cwd=PROJECT, check=False).returncode == 0
