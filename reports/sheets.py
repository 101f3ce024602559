"""The rows behind a page's figures as sheets, unrounded."""

from collections.abc import Sequence
from operator import attrgetter

from reports.queries import ChangeRows, DayRows, StudyRows, TextRows
from reports.rows import DiscsRow, Row
from reports.rows_of_change import TopListRow
from reports.view import Sheet


def sheet(name: str, rows: Sequence[Row], leave_out: Sequence[str] = ("study",)) -> Sheet:
    """A sheet with a column for every field of the rows, in their order, and for what is derived from them."""
    every = (*type(rows[0]).model_fields, *type(rows[0]).derived) if rows else ()
    fields = [field for field in every if field not in leave_out]
    # Two fields at least, so that attrgetter always returns a tuple.
    cells = attrgetter(*fields) if rows else tuple
    return Sheet(name, tuple(fields), [cells(row) for row in rows])


def study_sheets(rows: StudyRows) -> list[Sheet]:
    """The sheets of a study page."""
    return [
        _discs(rows.discs),
        sheet("clusters.csv", rows.clusters),
        sheet("values.csv", rows.values),
        sheet("fingerprints.csv", rows.fingerprints),
        sheet("spread.csv", rows.series, ("study", "clusters", "request", "served_models")),
        sheet("sequence.csv", rows.sequence),
        sheet("availability.csv", rows.outcomes),
        sheet("cost.csv", rows.cost),
        sheet("runs.csv", rows.runs),
        sheet("quality.csv", rows.quality),
        *_text_sheets(rows.text),
        *_change_sheets(rows.change),
    ]


def _discs(rows: Sequence[DiscsRow]) -> Sheet:
    """A row a disc."""
    lines = []
    for row in rows:
        place = (*row.key[1:], row.day, row.is_value)
        lines += [(*place, *disc) for disc in row.discs]
    columns = ("endpoint", "model", "arm", "prompt", "day", "is_value", "low_pct", "high_pct", "n")
    return Sheet("values-over-days.csv", columns, lines)


def day_sheets(rows: DayRows) -> list[Sheet]:
    """The sheets of a day page."""
    return [
        sheet("spread.csv", rows.spread),
        sheet("clusters.csv", rows.clusters),
        sheet("values.csv", rows.values),
        sheet("fingerprints.csv", rows.fingerprints),
        sheet("sequence.csv", rows.sequence),
        sheet("availability.csv", rows.outcomes),
        sheet("cost.csv", rows.cost),
        sheet("runs.csv", rows.runs),
        *_text_sheets(rows.text),
        *_change_sheets(rows.change),
    ]


def _change_sheets(change: ChangeRows) -> list[Sheet]:
    """Those behind changes and what explains the values, as far as there are rows."""
    every = (
        sheet("changes.csv", change.drift),
        sheet("association.csv", change.association),
        sheet("time-effects.csv", change.effects),
        sheet("grids.csv", change.grids_by_day),
        _lists(change.top_lists),
    )
    return [one for one in every if one.rows]


def _lists(rows: Sequence[TopListRow]) -> Sheet:
    """A row a token, in the order in which it came."""
    lines = [
        (*row.key[1:], row.rank, row.n, row.share, place, token, logprob)
        for row in rows
        for place, (token, logprob) in enumerate(zip(row.tokens, row.logprobs, strict=True), start=1)
    ]
    columns = ("endpoint", "model", "arm", "prompt", "rank", "n", "share", "place", "token", "logprob")
    return Sheet("lists.csv", columns, lines)


def _text_sheets(text: TextRows) -> list[Sheet]:
    """Those behind texts and answers, as far as there are rows."""
    every = (
        sheet("texts.csv", text.texts, ("study", "sizes")),
        sheet("completions.csv", text.completions),
        sheet("divergence.csv", text.divergence),
        sheet("text-distances.csv", text.distances),
        sheet("total-agreement.csv", text.totals),
        sheet("agreement-by-day.csv", text.by_day),
        sheet("answers.csv", text.answers),
        sheet("answer-tokens.csv", text.answer_tokens),
        sheet("tokens.csv", text.tokens),
    )
    return [one for one in every if one.rows]
