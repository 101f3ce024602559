"""What the parts about texts and answers are made from, on a study's page or a day's, and what their charts draw."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from reports import agreement, answers, implied, survival, text_days
from reports.arms import Group, groups
from reports.looks import Look
from reports.published import Published, published
from reports.queries import TextRows
from reports.rows import InSeries, SeriesRow, ValueRow
from reports.rows_of_calls import RunRow
from reports.rows_of_texts import TextRow
from reports.settings_of_arms import settings_of
from reports.words_of_texts import is_text
from tasks.core.arms import Settings
from tasks.core.plan import SeriesKey

R = TypeVar("R", bound=InSeries)
A = TypeVar("A", agreement.ArmAgreement, text_days.ArmDays)


@dataclass(frozen=True)
class Source:
    """A study's rows, or one day's; `prefix` is that of the SQL which they come from: study or day."""

    study: str
    series: Sequence[SeriesRow]
    text: TextRows
    values: Sequence[ValueRow]
    runs: Sequence[RunRow]
    labels: Mapping[SeriesKey, str]
    looks: Mapping[str, Look]
    prefix: str

    @cached_property
    def texts(self) -> dict[SeriesKey, TextRow]:
        """The completions of each series that has any."""
        return {row.key: row for row in self.text.texts}

    @cached_property
    def told(self) -> set[SeriesKey]:
        """The series that are told by their completions."""
        return {row.key for row in self.series if is_text(row, self.texts.get(row.key))}

    @cached_property
    def settings(self) -> Settings:
        """What the arms set."""
        return settings_of(self.series, self.text.configuration.configuration)

    @cached_property
    def meanings(self) -> dict[implied.Place, dict[str, implied.Meaning]]:
        """Which first token begins which answer."""
        return implied.meanings(self.text.answer_tokens)

    @property
    def is_day(self) -> bool:
        """Whether the page is that of a day, which has no answer common to its series."""
        return self.prefix == "day"

    @property
    def has_pattern(self) -> bool:
        """Whether a pattern finds the study's answers."""
        return self.text.configuration.answer_pattern is not None

    @property
    def published(self) -> list[Published]:
        """What others have found of the same question."""
        return published(self.study)

    def of_texts(self, rows: Sequence[R]) -> list[R]:
        """The rows of series that are told by their completions, in the order of the series."""
        places = {row.key: place for place, row in enumerate(self.series)}
        return sorted((row for row in rows if row.key in self.told), key=lambda row: places[row.key])

    def in_arms_order(self, arms: Iterable[A]) -> list[A]:
        """Figures of arms, over their prompts, in the order of the series."""
        places: dict[SeriesKey, int] = {}
        for place, row in enumerate(self.series):
            places.setdefault(SeriesKey("", row.endpoint, row.model, row.arm, ""), place)
        return sorted(arms, key=lambda arm: places.get(arm.key, len(places)))


@dataclass(frozen=True, slots=True)
class Drawn:
    """The figures of the parts, as numbers."""

    settings: Settings
    groups: list[Group]
    shares: dict[SeriesKey, list[answers.Share]]
    curves: list[survival.Curve]
    curve_labels: dict[SeriesKey, str]
    agreement: list[agreement.ArmAgreement]
    days: list[text_days.ArmDays]


def drawn(source: Source) -> Drawn:
    """What the charts of the parts draw."""
    divergence = source.of_texts(source.text.divergence)
    curves = survival.curves(divergence)
    has_questions = source.has_pattern or bool(source.told)
    return Drawn(
        settings=source.settings,
        groups=groups(source.series, source.settings, source.texts, divergence, source.text.distances, source.values),
        shares=_shares(source),
        curves=curves,
        curve_labels=survival.curve_labels(curves, source.labels),
        agreement=source.in_arms_order(agreement.arms(source.text.totals)) if has_questions else [],
        days=source.in_arms_order(text_days.arm_days(source.text.by_day)) if source.told else [],
    )


def _shares(source: Source) -> dict[SeriesKey, list[answers.Share]]:
    shown = answers.shown_series(source.series, source.text.answers, source.texts, source.has_pattern)
    return answers.every_share(shown, source.text.answers, source.text.tokens, source.meanings, source.published)
