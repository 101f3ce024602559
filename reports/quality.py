"""Runs and what was expected of them, in words."""

from collections.abc import Sequence

from reports import format as f
from reports import sentences
from reports.rows_of_calls import QualityRow, RunRow
from reports.view import Quality, RunView

MOST_RUNS = 40


def quality(runs: Sequence[RunRow], judged: Sequence[QualityRow]) -> Quality:
    """All runs, the newest first, and what their expectations said in a sentence or two."""
    by_run: dict[str, list[QualityRow]] = {run.run_id: [] for run in runs}
    for row in judged:
        by_run.get(row.run_id, []).append(row)
    shown = [_run(run, by_run[run.run_id]) for run in runs[:MOST_RUNS]]
    note = f"The newest {MOST_RUNS} of {len(runs):,} runs; the CSV file holds all." if len(runs) > MOST_RUNS else ""
    return Quality(_summary(runs, by_run), shown, note)


def withheld(runs: Sequence[RunRow], judged: Sequence[QualityRow]) -> list[str]:
    """A sentence for each run that a critical expectation keeps out of the figures."""
    return [
        sentences.withheld(
            run.run_id,
            [
                _failure(row)
                for row in judged
                if row.run_id == run.run_id and _failed(row) and row.severity == "critical"
            ],
        )
        for run in runs
        if run.is_withheld
    ]


def _failed(row: QualityRow) -> bool:
    return row.success is False


def _failure(row: QualityRow) -> str:
    unexpected = f" ({f.count(row.unexpected_count)} unexpected)" if row.unexpected_count else ""
    observed = f", observed {f.visible(row.observed)}" if row.observed else ""
    return f"{_words(row.expectation)}{observed}{unexpected}"


def _words(expectation: str) -> str:
    return f.visible(expectation).replace("_", " ")


def _summary(runs: Sequence[RunRow], by_run: dict[str, list[QualityRow]]) -> list[str]:
    judged = [row for rows in by_run.values() for row in rows if row.success is not None]
    failed = [row for row in judged if _failed(row)]
    incomplete = sum(1 for run in runs if run.state == "incomplete")
    parts = []
    if judged and not failed:
        parts.append(f"All {f.counted(len(judged), 'expectation')} held, in {f.counted(len(by_run), 'run')}.")
    elif failed:
        of_runs = len({row.run_id for row in failed})
        verb = "does" if len(failed) == 1 else "do"
        parts.append(
            f"{f.count(len(failed))} of {f.counted(len(judged), 'expectation')} {verb} not hold, "
            f"in {of_runs} of {f.counted(len(by_run), 'run')}."
        )
    else:
        parts.append("No expectation was judged.")
    if incomplete:
        parts.append(f"{f.counted(incomplete, 'run')} ended before every planned call was made.")
    if rejects := sum(run.rejects or 0 for run in runs):
        parts.append(f"{f.counted(rejects, 'line')} of the input could not be read and lie in raw.rejects.")
    return parts


def _run(run: RunRow, judged: Sequence[QualityRow]) -> RunView:
    held = sum(1 for row in judged if row.success)
    skipped = sum(1 for row in judged if row.success is None)
    passed = f"{f.counted(held, 'expectation')} held" + (f", {skipped} not applicable" if skipped else "")
    failed = [f"{row.severity}: {_failure(row)}" for row in judged if _failed(row)]
    return RunView(
        run_id=f.visible(run.run_id),
        kind=run.kind,
        days=f.days(run.first_day or run.day, run.last_day or run.day),
        state=_state(run),
        calls=_calls(run),
        took=f.duration((run.ended_at - run.started_at).total_seconds()) if run.kind == "run" else f.NONE,
        is_withheld=run.is_withheld,
        failed=failed,
        passed=passed if judged else "none judged",
    )


def _state(run: RunRow) -> str:
    withheld = "withheld, " if run.is_withheld else ""
    return f"{withheld}{run.state}" + (f": {f.visible(run.reason)}" if run.reason else "")


def _calls(run: RunRow) -> str:
    made = run.samples if run.samples is not None else run.attempted
    text = f.count(made) if made is not None else f.UNKNOWN
    planned = f" of {f.count(run.planned)} planned" if run.planned is not None and run.planned != made else ""
    return f"{text}{planned}" + (f", {f.count(run.failures)} failed" if run.failures else "")
