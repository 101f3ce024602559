"""Figures that others have published, to stand beside a study's own."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Published:
    """How often `who` gave an answer, according to `source`."""

    studies: tuple[str, ...]
    answer: str
    who: str
    share: float
    source: str


def _figures() -> list[Published]:
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["figure"]
    return [Published(**{**table, "studies": tuple(table["studies"])}) for table in tables]


PUBLISHED = _figures()


def published(study: str) -> list[Published]:
    """What is published of the question that a study asks."""
    return [figure for figure in PUBLISHED if study in figure.studies]


def same_answer(answer: str | None, other: str) -> bool:
    """Whether two answers differ in nothing but case and a full stop."""
    return answer is not None and answer.rstrip(".").casefold() == other.casefold()
