"""Completions ranked by count, each once, with the first word in which it differs from the most frequent one."""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

from reports import format as f
from reports.blocks import CompletionLine, Ranking
from reports.ladder import by_series
from reports.looks import Look
from reports.names import anchor
from reports.rows_of_texts import CompletionRow, TextRow
from tasks.core.plan import SeriesKey

MOST_RANKINGS = 12
PAGE_LINES = 144
OPEN_LINES = 5
# In characters as the page holds them: what is escaped or made visible takes several.
MOST_SHARED = 120
MOST_REST = 240
MOST_DIFFERENCE = 120
MOST_NAMES = 2
ENDS = "⟨ends here⟩"
EMPTY = "⟨empty⟩"
_REST_OF_WORD = re.compile(r"\s?\S*")


def rankings(
    texts: Sequence[TextRow],
    completions: Sequence[CompletionRow],
    labels: Mapping[SeriesKey, str],
    looks: Mapping[str, Look],
) -> list[Ranking]:
    """The series whose calls differ, those that differ most first where a page cannot show all."""
    of_series = by_series(completions)
    varied = [text for text in texts if text.unique_completions > 1 and text.key in of_series]
    kept = {text.key for text in sorted(varied, key=lambda text: -(text.disagreement or 0))[:MOST_RANKINGS]}
    most = PAGE_LINES // len(kept) if kept else 0
    return [
        _ranking(text, of_series[text.key][:most], labels[text.key], looks[text.model].color)
        for text in varied
        if text.key in kept
    ]


def _ranking(text: TextRow, rows: Sequence[CompletionRow], label: str, color: str) -> Ranking:
    lines = [completion_line(row, rows[0].text, text.answered) for row in rows]
    return Ranking(
        anchor=anchor("completions", text.key),
        label=label,
        color=color,
        lines=lines[:OPEN_LINES],
        rarer=lines[OPEN_LINES:],
        note=_note(text, len(rows)),
        has_fingerprints=any(row.fingerprints for row in rows),
    )


def _note(text: TextRow, shown: int) -> str:
    left = text.unique_completions - shown
    return f"The {shown:,} most frequent of {text.unique_completions:,} completions." if left > 0 else ""


def completion_line(row: CompletionRow, modal: str, answered: int) -> CompletionLine:
    """One completion beside the most frequent one."""
    is_modal = row.place == 1
    shared = 0 if is_modal else _shared(row.text, modal)
    difference = "" if is_modal else _first_difference(row.text, shared)
    return CompletionLine(
        n=f.count(row.n),
        share=f.share(row.n / answered),
        tokens=f.NONE if row.tokens is None else f.count(row.tokens),
        fingerprints=_names(row.fingerprints),
        same="" if is_modal else _end(row.text[:shared]),
        first_difference="" if is_modal or not row.text else _beginning(difference, MOST_DIFFERENCE, f.visible) or ENDS,
        rest=_beginning(row.text[shared + len(difference) :], MOST_REST, f.visible_block) if row.text else EMPTY,
    )


def _shared(text: str, modal: str) -> int:
    """How many characters both have in common from the beginning; by halves, since texts can have millions."""
    same, reach = 0, min(len(text), len(modal))
    while same < reach:
        middle = (same + reach + 1) // 2
        if text[same:middle] == modal[same:middle]:
            same = middle
        else:
            reach = middle - 1
    return same


def _first_difference(text: str, shared: int) -> str:
    """From the first character that differs to the end of its word; "" where the text ends there."""
    rest = text[shared : shared + MOST_DIFFERENCE]
    found = _REST_OF_WORD.match(rest)
    return (found[0] if found else "") or rest[:1]


def _names(fingerprints: Sequence[str]) -> str:
    if len(fingerprints) > MOST_NAMES:
        return f"{len(fingerprints)} fingerprints"
    return ", ".join(f.visible(name) for name in fingerprints) or f.NONE


def _beginning(text: str, most: int, shown: Callable[[str], str]) -> str:
    """As much of its beginning as takes at most so many characters of a page."""
    kept = _fitting(text, most)
    return shown(text[:kept]) + ("…" if kept < len(text) else "")


def _end(text: str) -> str:
    """The end of what a completion shares with the most frequent one."""
    kept = _fitting(text[::-1], MOST_SHARED)
    return ("…" if kept < len(text) else "") + f.visible_block(text[len(text) - kept :])


def _fitting(text: str, most: int) -> int:
    """How many of its first characters take at most so many of a page."""
    size = 0
    for kept, character in enumerate(text[:most]):
        size += len(escape(f.visible_block(character)))
        if size > most:
            return kept
    return min(len(text), most)
