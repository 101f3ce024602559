"""In which settings the arms of a study differ, in words."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reports import format as f
from reports.rows import SeriesRow
from tasks.core import arms
from tasks.core.arms import Settings


def settings(series: Sequence[SeriesRow], configuration: Mapping[str, Any] | None) -> Settings:
    """From the request of each arm, and the concurrency that the study's configuration gives it."""
    return arms.settings({row.arm: row.request for row in series}, configuration)


def settings_of(series: Sequence[SeriesRow], configuration: str | None) -> Settings:
    """What the arms set; `configuration` is the JSON of the study's newest run."""
    parsed: Any = json.loads(configuration) if configuration else None
    return settings(series, parsed)


def level_words(field: str, level: Any) -> str:
    """A setting as a sentence has it."""
    if level is None:
        return "no seed" if field == "seed" else f"the default {f.visible(field)}"
    return f"{f.visible(field)} {_value(level)}"


def _value(level: Any) -> str:
    if isinstance(level, int | float) and not isinstance(level, bool):
        return f"{level:g}"
    return f.visible(level if isinstance(level, str) else json.dumps(level, ensure_ascii=False))
