"""Asks the process that judges: starts it, waits for it, ends it."""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

from tasks.core.errors import FlipbookError
from tasks.core.expectations import Expectation
from tasks.settings import PROJECT

# A judgement takes a tenth of a second; the imports before the first one seconds, on a busy machine more.
LIMIT_S = 300.0
LAST_WORDS_S = 5.0
# What Python, the system's linker and Great Expectations read. No keys: it has nobody to call.
PASSED_ON = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "GX_ANALYTICS_ENABLED")
PASSED_ON_PREFIXES = ("PYTHON", "LC_", "LD_", "DYLD_")


class ExpectationError(RuntimeError):
    """An expectation could not be judged: our error, not a failed expectation."""


class JudgeEndedError(ExpectationError, FlipbookError):
    """The process that judges ended, and the one after it too: killed, or out of memory."""


class Judging:
    """A process that judges, within a block: started early it gets ready beside other work. It ends with ours, too."""

    def __init__(self, *, is_kept: bool = False) -> None:
        self._is_kept = is_kept
        self._child: subprocess.Popen[bytes] | None = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the block
        self._is_ready = False

    def start(self) -> None:
        """Have it get ready, which takes seconds; once is enough."""
        self._process()

    def wait(self) -> None:
        """Until it can judge at once. Raises JudgeEndedError where it ends instead, twice."""
        try:
            self._get_ready()
        except JudgeEndedError:
            # Killed, by whoever looks after the machine's memory: the second one is worth its seconds.
            self.end()
            self._get_ready()

    def judge(self, expectations: Sequence[Expectation], rows: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
        """Whether the fact that would break each expectation is 0 in every row, by the fact's name.

        Raises ExpectationError where judging goes wrong. A judge that was killed is followed by another.
        """
        if not expectations:
            return {}
        self.wait()
        facts = [expectation.breaks for expectation in expectations]
        question = {
            "expectations": [{"fact": one.breaks, "severity": one.severity} for one in expectations],
            "rows": [{fact: row[fact] for fact in facts} for row in rows],
        }
        try:
            answer = self._answer_to(question)
        except JudgeEndedError:
            self.end()
            self.wait()
            answer = self._answer_to(question)
        successes: dict[str, bool] = answer.get("successes", {})
        if successes.keys() != set(facts):
            raise ExpectationError(f"The judge was asked for {facts}, and answered for {list(successes)}.")
        return successes

    def release(self) -> None:
        """Nothing more to judge for now: have its memory back, unless it is kept for the next run of this process."""
        if not self._is_kept:
            self.end()

    def end(self) -> None:
        """Have its memory back. Asked again, it begins anew."""
        if self._child:
            with self._child as child:
                # It has nothing to save, and a Python that ends by itself takes its time.
                child.kill()
        self._child, self._is_ready = None, False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()
        self._complaints.close()

    def _get_ready(self) -> None:
        if not self._is_ready:
            self._answer()
            self._is_ready = True

    def _answer_to(self, question: dict[str, Any]) -> dict[str, Any]:
        self._ask(question)
        return self._answer()

    def _process(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "tasks.judge"],
                cwd=PROJECT,
                env=_environment(os.environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                bufsize=0,
                # Ctrl-C is for this process alone, which then ends its child.
                start_new_session=True,
            )
        return self._child

    def _ask(self, question: dict[str, Any]) -> None:
        left = memoryview(f"{json.dumps(question)}\n".encode())
        stdin = self._process().stdin
        # Where it has ended, there is no answer either, and that says why.
        with suppress(BrokenPipeError):
            while stdin and left:
                left = left[os.write(stdin.fileno(), left) :]

    def _answer(self) -> dict[str, Any]:
        stdout = self._process().stdout
        if stdout is None or not select.select([stdout], [], [], LIMIT_S)[0]:
            raise ExpectationError(f"The judge said nothing for {LIMIT_S:g} s.")
        try:
            answer: dict[str, Any] = dict(json.loads(stdout.readline()))
        except (TypeError, ValueError) as error:
            raise JudgeEndedError(
                f"The judge gave no answer: {self._last_words().rstrip('.')}. "
                "What was received has landed: the next run judges it."
            ) from error
        if "problem" in answer:
            raise ExpectationError(f"Great Expectations could not judge {answer['problem']}")
        return answer

    def _last_words(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            # It closes its output first, and complains then.
            self._process().wait(LAST_WORDS_S)
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it ended without a word."


_judging: ContextVar[Judging | None] = ContextVar("judging", default=None)


@contextmanager
def judge_kept() -> Iterator[None]:
    """Within this block all runs of this process are judged by one process, which got ready once."""
    with Judging(is_kept=True) as judging, _at_hand(judging):
        yield


@contextmanager
def judge_ready() -> Iterator[None]:
    """Within this block a process gets ready to judge, while this one still imports, or waits for answers."""
    with judge() as judging, _at_hand(judging):
        judging.start()
        yield


@contextmanager
def judge() -> Iterator[Judging]:
    """The process that is at hand, or else one for this block."""
    if judging := _judging.get():
        yield judging
    else:
        with Judging() as judging:
            yield judging


@contextmanager
def _at_hand(judging: Judging) -> Iterator[None]:
    before = _judging.set(judging)
    try:
        yield
    finally:
        _judging.reset(before)


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)}
