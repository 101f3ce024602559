"""`python -m tasks.judge` judges facts as long as it is asked: a line of JSON in, a line of JSON out.

The one module that imports Great Expectations, in a process of its own: that takes seconds, which pass beside the landing,
and 200 MB, which go with the process. It ends when its standard input closes, so also with whoever started it.

In: `{"expectations": [{"fact": …, "severity": …}, …], "rows": [{fact: count, …}, …]}`.
Out: first `{}`, when it is ready; then an answer to each question, `{"successes": {fact: bool, …}}` or `{"problem": …}`.
"""

import gc
import importlib
import importlib.util
import json
import logging
import os
import sys
from typing import Any, TextIO

Question = dict[str, Any]
Answer = dict[str, Any]


class Judge:
    """Great Expectations, imported."""

    def __init__(self) -> None:
        # Read at import; it would tell its makers what is judged here.
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        _put_off("scipy.stats")
        import great_expectations
        import pandas as pd
        from great_expectations.data_context.types.base import ProgressBarsConfig

        # It sets this logger's level itself, to tell of each temporary directory.
        logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
        context = great_expectations.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("run").add_dataframe_asset("facts")
        # Its expectations are made at import, where no type checker sees them.
        self._gx: Any = great_expectations
        self._frame = pd.DataFrame
        self._frames = asset.add_batch_definition_whole_dataframe("facts")

    def answer(self, question: Question) -> Answer:
        """Whether each expectation's fact is 0 in every row; or what went wrong in judging it."""
        expectations = [self._is_zero(**expectation) for expectation in question["expectations"]]
        suite = self._gx.ExpectationSuite(name="run", expectations=expectations)
        facts = self._frame(question["rows"])
        results = self._frames.get_batch({"dataframe": facts}).validate(suite).results
        if problems := [problem for result in results if (problem := _problem(result))]:
            return {"problem": problems[0]}
        return {"successes": {_fact(result): bool(result.success) for result in results}}

    def _is_zero(self, fact: str, severity: str) -> Any:
        between = self._gx.expectations.ExpectColumnValuesToBeBetween
        return between(column=fact, min_value=0, max_value=0, severity=severity)


def _fact(result: Any) -> str:
    return str(result.expectation_config.kwargs["column"])


def _problem(result: Any) -> str | None:
    """What went wrong in judging: Great Expectations reports that as a failed expectation."""
    info = result.exception_info
    # One dictionary of the expectation's own, or one for each metric that it needs.
    for raised in [info] if "raised_exception" in info else info.values():
        if raised["raised_exception"]:
            return f"{_fact(result)!r}: {raised['exception_message']}"
    return None


def _put_off(module: str) -> None:
    """Have `module` loaded when something in it is used: half a second for one that no expectation of ours needs."""
    parent, _, name = module.rpartition(".")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    sys.modules[module] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[module])
    setattr(importlib.import_module(parent), name, sys.modules[module])


def _own_output() -> TextIO:
    """Standard output for the answers alone: what a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Answer each line of standard input."""
    # A tenth of the time that the imports take; the process lives for seconds.
    gc.disable()
    with _own_output() as answers:
        judge = Judge()
        print("{}", file=answers)
        for line in sys.stdin:
            print(json.dumps(judge.answer(json.loads(line))), file=answers)


if __name__ == "__main__":
    main()
