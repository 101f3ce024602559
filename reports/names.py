"""Where a study's pages lie. A study in a recording can be called anything; a folder cannot."""

import datetime as dt
import re
from collections.abc import Sequence

from reports.format import visible
from tasks.core.canonical import digest
from tasks.core.plan import SeriesKey

DIGEST_DIGITS = 12
_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,58}[a-z0-9])?")
# A plain name of this form could be made to collide with the folder of another study.
_DIGESTED = re.compile(rf".*-[0-9a-f]{{{DIGEST_DIGITS}}}")


def study_folder(study: str) -> str:
    """The folder of a study's pages: its name where that is a plain one, else a slug and a digest.

    Always lower case, so that no two studies meet where file names have no case; never a dot or a slash.
    """
    if _PLAIN.fullmatch(study) and not _DIGESTED.fullmatch(study):
        return study
    slug = re.sub(r"[^a-z0-9]+", "-", study.lower()).strip("-")[:40].strip("-")
    return f"{slug}-{digest(study, DIGEST_DIGITS)}".lstrip("-")


def study_page(study: str) -> str:
    """The study page's path inside the site."""
    return f"{study_folder(study)}/index.html"


def day_page(study: str, day: dt.date) -> str:
    """A day page's path inside the site."""
    return f"{study_folder(study)}/{day.isoformat()}.html"


def series_labels(keys: Sequence[SeriesKey]) -> dict[SeriesKey, str]:
    """What tells each series of a study from the others: its model, and the parts in which they differ."""
    fields = ("model", *(f for f in ("endpoint", "arm", "prompt") if len({getattr(k, f) for k in keys}) > 1))
    return {key: " · ".join(visible(getattr(key, field)) for field in fields) for key in keys}


def anchor(kind: str, key: SeriesKey) -> str:
    """A stable anchor of something about one series."""
    return f"{kind}-{digest(chr(0x1F).join(key), 8)}"
