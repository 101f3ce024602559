"""Every statistic that a page names, explained: a sentence for the hover, and the whole of it for the method page."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Term:
    """One statistic in plain words; `doubt` says when not to believe it."""

    slug: str
    name: str
    sentence: str
    formula: str
    assumes: str
    source: str
    doubt: str


def _terms() -> dict[str, Term]:
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {slug: Term(slug, **table) for slug, table in tables.items()}


TERMS = _terms()
