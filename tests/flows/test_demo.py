"""The demo: killed, stopped, finished, and run again."""

import re
import signal
from pathlib import Path
from typing import Any

COUNT = """
select study, count(*) as n, count(distinct day) as days, count(distinct model) as models
from stg.samples group by study order by study
"""
DAYS, SAMPLES, MODELS = 2, 20, 4
TEXTS = {"study": "seed-and-temperature", "n": DAYS * 8 * 4 * 2, "days": DAYS, "models": 2}


def test_the_demo_goes_on_after_a_kill_and_adds_nothing_twice(served: Any, until: Any) -> None:
    """`kill -9` on its first day, Ctrl-C on the next start, then twice to its end: every day is there once."""
    command = ("demo", "--days", str(DAYS), "--samples", str(SAMPLES))
    for how, code in ((signal.SIGKILL, -9), (signal.SIGINT, 130)):
        before = served.lines()
        process = served.start(*command)
        until(lambda before=before: served.lines() > before)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
        assert process.returncode == code, err
        assert "Traceback" not in err
    for _ in range(2):
        ended = served.run(*command)
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr == ""
        # These tests' own, which was told of no change.
        assert "The simulator that already runs at" in ended.stdout
        report = re.search(r"The report: (\S+)", ended.stdout)
        assert report is not None
        assert "Simulated" in Path(report[1]).read_text(encoding="utf-8")
        flips = {"study": "coin-flip", "n": DAYS * SAMPLES * MODELS, "days": DAYS, "models": MODELS}
        assert served.rows(COUNT) == [flips, TEXTS]
