"""Sampling one target: the calls that its run still lacks, so many at once, each answer kept as soon as it is there."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tasks.core.plan import Block, Series, SeriesKey, blocks_of_target, series_of_target
from tasks.core.prices import cost_usd, estimated_tokens, price_of
from tasks.core.study import Target
from tasks.limits import Brake, Budget
from tasks.provider import Answer, Provider
from tasks.refusals import RefusedSeries, ends_target, refuses_request, why_target_ended
from tasks.spool import LineTemplate, Spool, SpoolWriteError

PROGRESS_EVERY_S = 1.0
# An answer that does not fit on the disk is held so long, and tried again so often: it is paid for.
ROOM_WAIT_S, ROOM_EVERY_S = 15.0, 0.1
OK = 200
# A call without a response may have been billed; one that was refused was not.
MAYBE_BILLED = (0, OK)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a target is: calls done in this run, resumed ones included, of those planned."""

    target: str
    done: int
    planned: int
    failures: int

    @property
    def sentence(self) -> str:
        """For a log, such as `openai/gpt-4o: 60 of 100, 1 failed`."""
        failures = f", {self.failures:,} failed" if self.failures else ""
        return f"{self.target}: {self.done:,} of {self.planned:,}{failures}"


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    """How a target's part of a run ended."""

    target: str
    planned: int
    attempted: int
    failures: int
    ended: str | None
    """Why it ended before its plan did: a sentence."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is the same in every call of a series."""

    request: bytes
    lines: LineTemplate
    tokens: int
    usd: float


class TargetSampling:
    """One target's part of a run. What its spool file holds already is not asked again."""

    def __init__(
        self,
        spool: Spool,
        target: Target,
        provider: Provider,
        *,
        alone: AbstractAsyncContextManager[object],
        budget: Budget | None,
        stop_run: Callable[[str], None],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        """`alone` is entered for each block of calls; `stop_run` pulls the brakes of all the run's targets."""
        self.name = f"{target.endpoint}/{target.model}"
        self.task_name = f"sample {target.model} at {target.endpoint}"
        self.brake = Brake()
        self.write_error: SpoolWriteError | None = None
        self._spool, self._target, self._provider = spool, target, provider
        self._alone, self._budget, self._stop_run, self._on_progress = alone, budget, stop_run, on_progress
        self._price = price_of(provider.endpoint, target.model)
        study = spool.header.study
        self._embedding_price = price_of(provider.endpoint, study.embedding_model) if study.embedding_model else None
        series = series_of_target(study, target)
        self._prepared = {one.key: self._prepare(one) for one in series}
        self._given_up = RefusedSeries(self._prepared)
        self._planned = len(series) * study.samples
        self._received: set[tuple[str, str, int]] = set()
        self._failures = 0
        self._dearest_usd: dict[SeriesKey, float] = {}
        self._refused = False
        self._report_at = time.monotonic() + PROGRESS_EVERY_S
        self._take_up()

    def _prepare(self, series: Series) -> _Prepared:
        prompt_tokens, completion_tokens = estimated_tokens(series)
        return _Prepared(
            request=series.request_json.encode(),
            lines=LineTemplate(self._spool.header, series),
            tokens=prompt_tokens + completion_tokens,
            usd=self._usd(prompt_tokens, completion_tokens),
        )

    def _take_up(self) -> None:
        for sample in self._spool.samples(self._target):
            arm, prompt, repeat = sample["arm"], sample["prompt"], sample["repeat"]
            self._received.add((arm, prompt, repeat))
            self._failures += sample["status"] != OK
            key = SeriesKey(sample["study"], sample["endpoint"], self._target.model, arm, prompt)
            self._given_up.note(key, sample["status"], sample["error"])
            if self._budget:
                self._budget.spent_usd += self._spent_usd(sample["status"], sample["response"], self._prepared[key])

    async def run(self) -> TargetOutcome:
        """Make the calls that are missing. Raises nothing for what a provider does; see `write_error` for the disk."""
        header = self._spool.header
        for block in blocks_of_target(header.study, self._target, seed=header.run_id):
            async with self._alone:
                await self._run_block(block)
        self._report()
        attempted = len(self._received)
        return TargetOutcome(self.name, self._planned, attempted, self._failures, self._ended(attempted))

    def _ended(self, attempted: int) -> str | None:
        if not self._refused and attempted == self._planned:
            return None
        reasons = (self._given_up.sentence(self.name), self.brake.reason)
        return " ".join(reason for reason in reasons if reason) or None

    async def _run_block(self, block: Block) -> None:
        calls = (call for call in block.calls if (call[0].key.arm, call[0].key.prompt, call[1]) not in self._received)
        async with asyncio.TaskGroup() as workers:
            # Few workers that share one iterator: a task per call would cost more than the call.
            for _ in range(min(block.concurrency, len(block.calls))):
                workers.create_task(self._work(calls))

    async def _work(self, calls: Iterator[tuple[Series, int]]) -> None:
        for series, repeat in calls:
            if self.brake.is_pulled:
                return
            if self._given_up.has(series.key):
                continue
            if self._budget is None:
                await self._call(series, repeat)
            else:
                await self._call_within(self._budget, series, repeat)

    async def _call_within(self, budget: Budget, series: Series, repeat: int) -> None:
        prepared = self._prepared[series.key]
        # An estimate may be too low; what a call of this series has cost is not.
        set_aside_usd = max(prepared.usd, self._dearest_usd.get(series.key, 0.0))
        if not await budget.admits(set_aside_usd):
            self._stop_run(f"stopped at its budget of ${budget.cap_usd:g}")
            return
        spent_usd = 0.0
        try:
            if answer := await self._call(series, repeat):
                spent_usd = self._spent_usd(answer.status, answer.body, prepared)
                self._dearest_usd[series.key] = max(set_aside_usd, spent_usd)
        finally:
            budget.settle(set_aside_usd, spent_usd)

    async def _call(self, series: Series, repeat: int) -> Answer | None:
        prepared = self._prepared[series.key]
        answer = await self._provider.ask(series.key.model, prepared.request, prepared.tokens, self.brake)
        if answer is not None and not self._is_said_already(series.key, answer):
            if ends_target(answer):
                self._refused = True
                self.brake.pull(why_target_ended(self.name, answer, self._provider.endpoint.key_env))
            await self._keep(series, repeat, answer)
            self._given_up.note(series.key, answer.status, answer.error)
        return answer

    def _is_said_already(self, key: SeriesKey, answer: Answer) -> bool:
        """Whether the refusals before it speak for this one, which was in flight with them."""
        if refuses_request(answer.status, answer.error):
            return self._given_up.has(key)
        return answer.is_refusal and self._refused

    async def _keep(self, series: Series, repeat: int, answer: Answer) -> None:
        line = self._prepared[series.key].lines.line(
            repeat=repeat,
            requested_at=answer.requested_at,
            latency_s=answer.latency_s,
            attempts=answer.attempts,
            status=answer.status,
            response=answer.body,
            headers=answer.headers,
            error=answer.error,
        )
        try:
            await self._append(line)
        except SpoolWriteError as error:
            self.write_error = error
            self._stop_run(str(error))
            return
        self._received.add((series.key.arm, series.key.prompt, repeat))
        self._failures += answer.status != OK
        if time.monotonic() >= self._report_at:
            self._report()

    async def _append(self, line: bytes) -> None:
        """Into the spool. A full disk halts this call alone; those in flight come in, and wait for room as well."""
        give_up_at = time.monotonic() + ROOM_WAIT_S
        while True:
            try:
                self._spool.append(self._target, line)
            except SpoolWriteError:
                if self.write_error or time.monotonic() >= give_up_at:
                    raise
                await asyncio.sleep(ROOM_EVERY_S)
            else:
                return

    def _report(self) -> None:
        self._report_at = time.monotonic() + PROGRESS_EVERY_S
        if self._on_progress:
            self._on_progress(Progress(self.name, len(self._received), self._planned, self._failures))

    def _spent_usd(self, status: int, body: str | None, prepared: _Prepared) -> float:
        """What a call cost by its usage; where an answer does not say, what was set aside for it."""
        if status not in MAYBE_BILLED:
            return 0
        try:
            usage = json.loads(body or "")["usage"]
            return self._usd(usage["prompt_tokens"], usage["completion_tokens"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return prepared.usd

    def _usd(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Of a call, and of its completion's embedding, which is asked for after the run and counts to its budget."""
        asked_usd = cost_usd(self._price, prompt_tokens, completion_tokens) or 0
        return asked_usd + (cost_usd(self._embedding_price, completion_tokens, 0) or 0)
