"""The rows behind what pages say of texts: completions, answers, agreement, and the tokens that answers begin with."""

import datetime as dt

from reports.rows import InSeries, Row, ShareRow
from tasks.core.statistics import Interval, wilson_interval

# An answer of so many tokens is a word; its probability says more of it than a comparison of texts would.
WORD_TOKENS = 5
WORD_CHARS = 20


class TextRow(ShareRow):
    """A series' completions, over a day or over all days of its last request."""

    answered: int
    unique_completions: int
    modal_n: int
    longest_tokens: int | None
    longest_chars: int
    mean_tokens: float | None
    sizes: dict[int, int]

    @property
    def of(self) -> tuple[int, int]:
        """Calls with the most frequent completion, of those with any."""
        return self.modal_n, self.answered

    @property
    def share(self) -> float:
        """The most frequent completion's share."""
        return self.modal_n / self.answered

    @property
    def counts(self) -> list[int]:
        """How often each completion came."""
        return [n for n, completions in self.sizes.items() for _ in range(completions)]

    @property
    def disagreement(self) -> float | None:
        """The chance that two calls differ (Gini-Simpson); None for one call."""
        if self.answered < 2:
            return None
        agreeing = sum(completions * n * (n - 1) for n, completions in self.sizes.items())
        return 1 - agreeing / (self.answered * (self.answered - 1))

    @property
    def is_long(self) -> bool:
        """Whether some completion is longer than a word; by its characters where nobody counted tokens."""
        if self.longest_tokens is None:
            return self.longest_chars > WORD_CHARS
        return self.longest_tokens > WORD_TOKENS


class TextDayRow(InSeries):
    """A day of a sparkline."""

    day: dt.date
    observed: int
    unique_completions: int


class BeforeRow(InSeries):
    """The previous day's completions."""

    previous_day: dt.date
    observed: int
    unique_completions: int


class CallsRow(InSeries):
    """How often a series gave a completion."""

    completion_id: str
    n: int


class CompletionRow(CallsRow):
    """One completion of a series: its place among them, its text as it came."""

    place: int
    first_at: dt.datetime
    tokens: int | None
    fingerprints: list[str]
    text: str


class DivergenceRow(InSeries):
    """Calls that share so many tokens or characters of their day's most frequent completion; None: all of it."""

    unit: str
    position: int | None
    n: int


class DistanceRow(InSeries):
    """How far a series' completions of the same day lie apart; None where that was not measured."""

    distance_first: float | None
    distance_pairs: float | None
    edit_first: float | None
    edit_pairs: float | None
    embedding_model: str | None
    embedding_error: str | None


class DistanceEffectRow(Row):
    """The mean embedding distance at either level of one of two crossed settings, in the order of their levels."""

    endpoint: str
    model: str
    prompt: str
    factor: str
    first_distance: float
    second_distance: float
    p_value: float


class ArmDayRow(Row):
    """How an arm's calls of one day agree, over its prompts."""

    endpoint: str
    model: str
    arm: str
    day: dt.date
    prompts: int
    samples: int
    observed: int
    unique_completions: int
    modal_calls: int


class TotalAgreementRow(Row):
    """Prompts whose completions (`tarr`) or answers (`tara`) of one day are all the same."""

    endpoint: str
    model: str
    arm: str
    day: dt.date
    prompts: int
    repeats: int | None
    tarr_prompts: int
    tara_prompts: int | None


class AnswerRow(ShareRow):
    """How often a series gave an answer; None is a completion in which none was found."""

    derived = ("share", "wilson_low", "wilson_high")
    answer: str | None
    n: int
    observed: int
    answers: int

    @property
    def of(self) -> tuple[int, int]:
        """Calls with this answer, of those with a completion."""
        return self.n, self.observed

    @property
    def share(self) -> float:
        """Its share."""
        return self.n / self.observed

    @property
    def wilson(self) -> Interval:
        """The share's 95% interval; there is at least one call."""
        return wilson_interval(self.n, self.observed)


class AnswerTokenRow(Row):
    """How often completions whose first token is `token` gave `answer`."""

    endpoint: str
    model: str
    prompt: str
    token: str
    answer: str
    n: int


class TokenRow(InSeries):
    """A token's mean probability at the first position."""

    token: str
    mean_pct: float


class ConfigurationRow(Row):
    """How a study is configured: canonical JSON; None where no run says so."""

    configuration: str | None
    answer_pattern: str | None
