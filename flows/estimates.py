"""Estimates, as the command line says them."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from tasks.core.prices import Estimate
from tasks.core.study import Study


def estimates_json(rows: Sequence[Estimate]) -> str:
    """For scripts: each target's estimate, and all dollars, which are null where one is unknown."""
    return json.dumps({"targets": [asdict(row) for row in rows], "usd": _together(rows)})


def estimates_text(study: Study, rows: Sequence[Estimate]) -> str:
    """For people: a line for each target, and one for all."""
    lines = [f"One run of {study.name}: {sum(row.calls for row in rows):,} calls."]
    for row in rows:
        tokens = f"about {row.prompt_tokens:,} tokens sent, at most {row.completion_tokens:,} received"
        lines.append(f"{row.endpoint}/{row.model}: {row.calls:,} calls, {tokens}, {_dollars(row.usd)}")
    lines.append(f"Together {_dollars(_together(rows))}.")
    return "\n".join(lines)


def _together(rows: Sequence[Estimate]) -> float | None:
    known = [row.usd for row in rows if row.usd is not None]
    return sum(known) if len(known) == len(rows) else None


def _dollars(usd: float | None) -> str:
    return "unknown cost: no price is declared" if usd is None else f"${usd:,.4f}"
