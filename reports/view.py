"""What every page's view is made of: formatted strings, and nothing that a template would have to compute."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# An inline table's limit; a CSV file beside the page holds every row.
INLINE_ROWS = 200


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; `term` is the statistic it explains on hover."""

    title: str
    is_number: bool = True
    term: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows behind a figure, unrounded, as a CSV file beside the page."""

    name: str
    header: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to another page of the site."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of formatted cells; `links` leads a row's first cell somewhere."""

    columns: tuple[Column, ...]
    rows: list[tuple[str, ...]]
    links: list[str] = field(default_factory=list)
    note: str = ""

    @classmethod
    def cut(cls, columns: tuple[Column, ...], rows: Sequence[tuple[str, ...]], most: int = INLINE_ROWS) -> "Table":
        """A table of at most so many rows, the newest kept, that says how many it left to the CSV file."""
        note = "" if len(rows) <= most else f"The last {most:,} of {len(rows):,} rows; the CSV file holds all."
        return cls(columns, list(rows[-most:]), note=note)

    @classmethod
    def first(cls, columns: tuple[Column, ...], rows: Sequence[tuple[str, ...]], most: int) -> "Table":
        """The same for rows that come in the order of their weight: the first are kept."""
        note = "" if len(rows) <= most else f"The first {most:,} of {len(rows):,} rows; the CSV file holds all."
        return cls(columns, list(rows[:most]), note=note)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure in words and numbers. Its drawing, where it has one, goes by the same anchor."""

    anchor: str
    title: str
    caption: str
    table: Table
    csv: str
    sql: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A segment of a bar: the class of its pattern, its width in percent of the bar's full length, and its words."""

    pattern: str
    width: str
    text: str


@dataclass(frozen=True, slots=True)
class Rung:
    """A cluster as a row of the ladder."""

    range: str
    segments: list[Share]
    share: str
    n: str
    values: str
    fingerprints: str
    step: str
    before: str


@dataclass(frozen=True, slots=True)
class ValueLine:
    """A value under the ladder; `begins` a cluster or not."""

    probability: str
    logprob: str
    n: str
    share: str
    fingerprints: str
    begins: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """A series' clusters from high to low, and its values."""

    anchor: str
    label: str
    color: str
    legend: list[Share]
    rungs: list[Rung]
    values: list[ValueLine]
    note: str
    has_steps: bool
    has_before: bool
    gone: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one series answers, in sentences."""

    label: str
    color: str
    href: str
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class Question:
    """A conversation as quoted, and the names of the prompts that it goes by; "" where there is but one."""

    prompts: str
    messages: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Questions:
    """What was asked: the first few, more to unfold, and how many there are where not all of them are here."""

    first: list[Question]
    more: list[Question]
    note: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was sent, and who was sent it."""

    labels: list[str]
    messages: list[tuple[str, str]]
    body: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A run, and what was expected of it."""

    run_id: str
    kind: str
    days: str
    state: str
    calls: str
    took: str
    is_withheld: bool
    failed: list[str]
    passed: str


@dataclass(frozen=True, slots=True)
class Quality:
    """What the expectations said, over all runs."""

    sentences: list[str]
    runs: list[RunView]
    note: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the numbers come from."""

    requests: list[Request]
    facts: list[tuple[str, list[str]]]
    sql: list[str]


@dataclass(frozen=True, slots=True)
class Section:
    """Sentences, and the figure that bears them out."""

    sentences: list[str]
    figure: Figure | None
