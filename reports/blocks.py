"""A part of a page that only some studies have: sentences, figures, and completions ranked by count."""

from dataclasses import dataclass, field

from reports.view import Figure


@dataclass(frozen=True, slots=True)
class CompletionLine:
    """A completion: what it shares with the most frequent one, the first word in which it differs, and how it goes on."""

    n: str
    share: str
    tokens: str
    fingerprints: str
    same: str
    first_difference: str
    rest: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """A series' completions, each once, the most frequent first."""

    anchor: str
    label: str
    color: str
    lines: list[CompletionLine]
    rarer: list[CompletionLine]
    note: str
    has_fingerprints: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A heading and what stands under it."""

    anchor: str
    title: str
    paragraphs: list[str]
    figures: list[Figure] = field(default_factory=list)
    rankings: list[Ranking] = field(default_factory=list)
    csv: str = ""
    sql: str = ""
