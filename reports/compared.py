"""What a comparison page is made of: each pair of series with what both sides showed, as the stage gathered it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.names import DIGEST_DIGITS, study_folder
from tasks.core.canonical import digest
from tasks.core.change import Comparison
from tasks.core.comparison import Cluster, Span
from tasks.core.plan import SeriesKey
from tasks.core.sides import Side


@dataclass(frozen=True, slots=True)
class SideOfPair:
    """One series on the days of a side, of its last request there.

    `request` is its text where it is known, `edited_on` the day from which days count, if it was edited among them.
    """

    key: SeriesKey
    days: Sequence[dt.date]
    span: Span
    calls: int
    failures: int
    request_id: str
    request: str | None
    edited_on: dt.date | None
    fingerprints: Sequence[str]
    grid_step_nat: float | None


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """Both sides of a pair, and how far they lie apart."""

    left: SideOfPair
    right: SideOfPair
    comparison: Comparison
    clusters: Sequence[Cluster]


@dataclass(frozen=True, slots=True)
class Compared:
    """A whole comparison; `texts` are those of the completions that a page shows."""

    left: Side
    right: Side
    pairs: Sequence[ComparedPair]
    only_left: Sequence[SeriesKey]
    only_right: Sequence[SeriesKey]
    texts: Mapping[str, str]
    is_simulated: bool

    @property
    def path(self) -> str:
        """The page's path inside the site: the same for the same sides."""
        sides = (self.left.text, self.right.text)
        names = "-or-".join(study_folder(side).removesuffix(f"-{digest(side, DIGEST_DIGITS)}")[:40] for side in sides)
        return f"compare/{names.strip('-')}-{digest(chr(0x1F).join(sides), DIGEST_DIGITS)}.html"


def most_frequent(left: Mapping[str, int], right: Mapping[str, int], most: int) -> list[str]:
    """The completions that either side has most of, by their larger share."""
    totals = [max(1, sum(side.values())) for side in (left, right)]
    shares = {
        one: max(side.get(one, 0) / total for side, total in zip((left, right), totals, strict=True))
        for one in left.keys() | right.keys()
    }
    return sorted(shares, key=lambda one: (-shares[one], one))[:most]
