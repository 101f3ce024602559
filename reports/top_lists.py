"""The two most frequent top-k lists of a series side by side: what a call can get, token by token."""

import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from reports import format as f
from reports.ladder import by_series
from reports.names import anchor
from reports.rows_of_change import TopListRow
from reports.view import Column, Figure, Table
from tasks.core.plan import SeriesKey

MOST_SERIES = 4
MOST_TOKENS = 20
LEAST_DIGITS, MOST_DIGITS = 4, 15
Entry = tuple[str, float]


def top_lists(rows: Sequence[TopListRow], labels: Mapping[SeriesKey, str]) -> list[Figure]:
    """A figure for each series that has two lists, as many as a page holds."""
    pairs = [(key, lists) for key, lists in by_series(rows).items() if len(lists) == 2]
    return [_figure(key, lists[0], lists[1], labels[key]) for key, lists in pairs[:MOST_SERIES]]


def _figure(key: SeriesKey, first: TopListRow, second: TopListRow, label: str) -> Figure:
    columns = (
        Column(f"first list, {f.share(first.share)} of calls", False),
        Column("probability", term="value"),
        Column("gap (nat)", term="gap"),
        Column("", False),
        Column(f"second list, {f.share(second.share)} of calls", False),
        Column("probability"),
        Column("gap (nat)"),
    )
    return Figure(
        anchor=anchor("lists", key),
        title=f"The two most frequent lists of {label}",
        caption=" ".join(["The gap is to the likeliest token of the list.", *compared(first, second)]),
        table=Table.first(columns, _lines(_entries(first), _entries(second)), MOST_TOKENS),
        csv="lists.csv",
        sql="study_top_lists",
    )


def _entries(row: TopListRow) -> list[Entry]:
    """From the likeliest token on; servers do not always sort."""
    return sorted(zip(row.tokens, row.logprobs, strict=True), key=lambda entry: -entry[1])


def _lines(first: Sequence[Entry], second: Sequence[Entry]) -> list[tuple[str, ...]]:
    rows = zip_longest(first, second)
    return [
        (*_cells(left, first, digits), _between(left, right), *_cells(right, second, digits))
        for left, right in rows
        for digits in [_digits(left, right)]
    ]


def _digits(left: Entry | None, right: Entry | None) -> int:
    """As many significant digits as tell both probabilities apart, where they can be told apart at all."""
    shown = [100 * math.exp(entry[1]) for entry in (left, right) if entry is not None]
    if len(set(shown)) < 2:
        return LEAST_DIGITS
    apart = (digits for digits in range(LEAST_DIGITS, MOST_DIGITS) if len({f"{p:.{digits - 1}e}" for p in shown}) == 2)
    return next(apart, MOST_DIGITS)


def _cells(entry: Entry | None, entries: Sequence[Entry], digits: int) -> tuple[str, str, str]:
    if entry is None:
        return ("", "", "")
    token, logprob = entry
    return (
        f"“{f.visible(token)}”",
        f"{_percentage(100 * math.exp(logprob), digits)}%",
        f"{entries[0][1] - logprob:.4f}",
    )


def _percentage(percentage: float, digits: int) -> str:
    return f"{percentage:.{max(0, digits - 1 - math.floor(math.log10(percentage)))}f}" if percentage else "0"


def _between(left: Entry | None, right: Entry | None) -> str:
    """What a reader looks for: where the lists part."""
    if left is None or right is None or left[0] != right[0]:
        return "other token"
    return "same" if left[1] == right[1] else "other value"


def compared(first: TopListRow, second: TopListRow) -> list[str]:
    """Which tokens the two lists have in common."""
    only = [[token for token in one.tokens if token not in other.tokens] for one, other in _both_ways(first, second)]
    if not any(only):
        return [f"Both have the same {f.counted(len(set(first.tokens)), 'token')}."]
    common = len(set(first.tokens) & set(second.tokens))
    parts = [
        f"only the {which} has {f.joined([f'“{f.visible(token)}”' for token in tokens[:5]])}"
        + (f" and {len(tokens) - 5} more" if len(tokens) > 5 else "")
        for which, tokens in zip(("first", "second"), only, strict=True)
        if tokens
    ]
    return [f"{f.counted(common, 'token')} in common; {f.joined(parts)}."]


def _both_ways(first: TopListRow, second: TopListRow) -> list[tuple[TopListRow, TopListRow]]:
    return [(first, second), (second, first)]
