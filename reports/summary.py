"""A study's headline figures as short markdown, for the place where its run is shown."""

import re

from reports.names import day_page, series_labels, study_page
from reports.queries import Query, index_rows
from reports.view_study import answer_sentences

MOST_SERIES = 12
# Names come from outside: in markdown, none of them may become a link, an image or a tag.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")


def study_summary(query: Query, study: str, site_url: str | None) -> str:
    """The answer of each series in a sentence or two, and links to the study's page and that of its newest day."""
    index = index_rows(query)
    series = [row for row in index.series if row.study == study]
    labels = series_labels([row.key for row in series])
    thresholds = [row.threshold_pp for row in index.studies if row.study == study]
    if not series:
        return "No sample of this study is in any figure yet."
    lines = ["Simulated: no provider was asked."] if any(row.is_simulated for row in series) else []
    lines += [_escaped(" ".join(answer_sentences(row, labels[row.key], thresholds[0]))) for row in series[:MOST_SERIES]]
    if site_url:
        pages = {"The study": study_page(study), "Its newest day": day_page(study, max(row.last_day for row in series))}
        lines.append(" · ".join(f"[{name}]({site_url.rstrip('/')}/{page})" for name, page in pages.items()))
    return "\n\n".join(lines)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
