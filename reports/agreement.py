"""Agreement over a study's prompts: those whose completions, or answers, are all the same (TARr@N, TARa@N)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports import format as f
from reports import intervals
from reports.names import series_labels
from reports.rows_of_texts import AnswerRow, TextRow, TotalAgreementRow
from reports.view import Column, Figure, Table
from tasks.core.plan import SeriesKey

ANCHOR = "total-agreement"
MOST_QUESTIONS = 60


@dataclass(frozen=True, slots=True)
class ArmAgreement:
    """One arm's prompts over all days; a prompt counts once a day."""

    key: SeriesKey
    days: Sequence[TotalAgreementRow]

    @property
    def raw(self) -> tuple[int, int]:
        """Prompts whose completions all agree, of all."""
        return sum(row.tarr_prompts for row in self.days), sum(row.prompts for row in self.days)

    @property
    def answers(self) -> tuple[int, int] | None:
        """Prompts whose answers all agree; None where no pattern finds answers."""
        known = [row for row in self.days if row.tara_prompts is not None]
        return (sum(row.tara_prompts or 0 for row in known), sum(row.prompts for row in known)) if known else None

    @property
    def repeats(self) -> str:
        """How often each prompt was asked, at least."""
        most, least = (pick(row.repeats or 0 for row in self.days) for pick in (max, min))
        return f.count(least) if most == least else f"{f.count(least)} to {f.count(most)}"


def arms(rows: Sequence[TotalAgreementRow]) -> list[ArmAgreement]:
    """Each arm's days on which anything was observed; only those that asked several prompts on some day."""
    by_arm: dict[SeriesKey, list[TotalAgreementRow]] = defaultdict(list)
    for row in rows:
        if row.prompts:
            by_arm[SeriesKey("", row.endpoint, row.model, row.arm, "")].append(row)
    return [ArmAgreement(key, days) for key, days in by_arm.items() if max(day.prompts for day in days) > 1]


def arm_labels(every: Sequence[ArmAgreement]) -> dict[SeriesKey, str]:
    """What tells the arms from each other."""
    return series_labels([arm.key for arm in every])


def agreement_words(label: str, arm: ArmAgreement) -> list[str]:
    """Over how many prompts the calls of a day agree."""
    agreeing, prompts = arm.raw
    once = "" if len(arm.days) == 1 else f" Each question counts once on each of {f.counted(len(arm.days), 'day')}."
    first = (
        f"{label} gave one and the same completion in all {arm.repeats} calls to {f.count(agreeing)} of "
        f"{f.count(prompts)} questions (TARr@{arm.repeats} {intervals.in_words(agreeing, prompts)})"
    )
    if arm.answers is None:
        return [f"{first}.{once}"]
    same, of = arm.answers
    return [f"{first}; the same answer to {f.count(same)} (TARa@{arm.repeats} {intervals.in_words(same, of)}).{once}"]


def agreement_figure(every: Sequence[ArmAgreement], labels: Mapping[SeriesKey, str], sql: str) -> Figure | None:
    """Total agreement by arm; its drawing, where there are days to draw, shows them."""
    if not every:
        return None
    columns = (
        Column("series", False),
        Column("days"),
        Column("questions"),
        Column("N", term="total_agreement"),
        Column("TARr@N", term="total_agreement"),
        Column("95% interval", term="interval"),
        Column("TARa@N", term="total_agreement"),
        Column("95% interval", term="interval"),
    )
    return Figure(
        anchor=ANCHOR,
        title="Total agreement",
        caption="The share of questions whose N completions of a day are byte for byte the same (TARr), and whose answers are "
        "(TARa). The intervals take each question of each day as one trial.",
        alt="Total agreement by day; the numbers are in the table below.",
        table=Table.first(columns, [_line(labels[arm.key], arm) for arm in every], MOST_QUESTIONS),
        csv="total-agreement.csv",
        sql=sql,
    )


def _line(label: str, arm: ArmAgreement) -> tuple[str, ...]:
    answers = arm.answers
    return (
        label,
        f.count(len(arm.days)),
        f.count(max(day.prompts for day in arm.days)),
        arm.repeats,
        *_share(arm.raw),
        *(_share(answers) if answers else (f.NONE, f.NONE)),
    )


def _share(of: tuple[int, int]) -> tuple[str, str]:
    return f.share(of[0] / of[1]), intervals.in_cell(*of)


def questions_figure(
    texts: Sequence[TextRow], answers: Sequence[AnswerRow], has_pattern: bool, labels: Mapping[SeriesKey, str], sql: str
) -> Figure | None:
    """A row a question: those on which calls differ most first; None where there is one."""
    asked = [text for text in texts if text.answered > 1]
    flipping = [text for text in asked if text.unique_completions > 1]
    if not flipping:
        return None
    different = {row.key: row.answers for row in answers}
    ordered = sorted(flipping, key=lambda text: (-(text.disagreement or 0), text.key))
    lines = [
        (
            labels[text.key],
            f.count(text.answered),
            f.count(text.unique_completions),
            f.share(text.share),
            intervals.in_cell(*text.of),
            f.count(different.get(text.key, 0)) if has_pattern else f.NONE,
        )
        for text in ordered
    ]
    columns = (
        Column("question", False),
        Column("calls"),
        Column("unique completions", term="unique_completions"),
        Column("agreement", term="agreement"),
        Column("95% interval", term="interval"),
        *((Column("different answers", term="answer"),) if has_pattern else ()),
    )
    return Figure(
        anchor="questions",
        title="Questions whose calls differ",
        caption=f"{f.count(len(flipping))} of {f.count(len(asked))} questions asked of a model more than once, those whose "
        "calls differ most first. The calls to all others gave one and the same completion.",
        table=Table.first(columns, [line[: len(columns)] for line in lines], MOST_QUESTIONS),
        csv="texts.csv",
        sql=sql,
    )
