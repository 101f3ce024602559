"""The method page: every statistic that a page names."""

from dataclasses import dataclass

from reports import sentences
from reports.queries import IndexRows
from reports.terms import TERMS, Term


@dataclass(frozen=True, slots=True)
class MethodView:
    """Everything the method page says."""

    title: str
    simulated: str
    terms: list[Term]


def method_view(rows: IndexRows) -> MethodView:
    """The view of the method page. It shows no data, and still belongs to a site that may show simulated ones."""
    simulated = sentences.some_simulated([study.is_simulated for study in rows.studies])
    return MethodView("What every figure means", simulated, list(TERMS.values()))
