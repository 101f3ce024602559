"""What the first token's probabilities imply for whole answers, at the temperature asked for and at others."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports import format as f
from reports.ladder import by_series
from reports.rows import SeriesRow
from reports.rows_of_texts import AnswerTokenRow, TokenRow
from reports.view import Column, Figure, Table
from tasks.core.plan import SeriesKey
from tasks.core.temperature import implied_shares

TEMPERATURES = (0.0, 0.2, 0.5, 1.0, 1.5, 2.0)
MOST_SERIES = 12
MOST_ANSWERS = 4
LEAST_SHARE = 0.0001
BEYOND = "every other listed token"

Place = tuple[str, str, str]
"""Endpoint, model and prompt: what a first token means does not depend on the arm."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """An answer that completions with this first token gave, in how many of them."""

    answer: str
    n: int
    of: int


def place(key: SeriesKey) -> Place:
    """What a series shares with its other arms."""
    return key.endpoint, key.model, key.prompt


def meanings(rows: Sequence[AnswerTokenRow]) -> dict[Place, dict[str, Meaning]]:
    """For each first token the answer that most completions with it gave."""
    counts: dict[Place, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in rows:
        counts[row.endpoint, row.model, row.prompt][row.token][row.answer] += row.n
    return {
        at: {token: Meaning(*answers.most_common(1)[0], answers.total()) for token, answers in tokens.items()}
        for at, tokens in counts.items()
    }


def token_words(known: Mapping[str, Meaning], label: str) -> list[str]:
    """Which first token stands for which answer; nothing where each answer is its own first token."""
    spelt = [(token, meaning) for token, meaning in known.items() if token.strip() != meaning.answer]
    if not spelt:
        return []
    parts = [
        f"{f.visible(token)} stands for {f.visible(meaning.answer)} ({f.count(meaning.n)} of "
        f"{f.counted(meaning.of, 'completion')} that begin so)"
        for token, meaning in spelt[:MOST_ANSWERS]
    ]
    return [f"{label}: as a first token, {f.joined(parts)}."]


def implied_by_answer(
    tokens: Sequence[TokenRow], known: Mapping[str, Meaning], temperature: float
) -> dict[str | None, float]:
    """The share that a mean list implies for each answer; None is every token that no completion explains."""
    shares = implied_shares([math.log(row.mean_pct / 100) for row in tokens], temperature)
    implied: dict[str | None, float] = defaultdict(float)
    for row, share in zip(tokens, shares, strict=True):
        implied[known[row.token].answer if row.token in known else None] += float(share)
    return dict(implied)


def temperature_of(series: SeriesRow) -> float:
    """The temperature that a request asks for; 1, the providers' default, where it asks for none."""
    try:
        asked = json.loads(series.request or "{}").get("temperature")
    except (ValueError, AttributeError):
        asked = None
    return float(asked) if isinstance(asked, int | float) and asked >= 0 else 1.0


def temperatures_figure(
    series: Sequence[SeriesRow],
    tokens: Sequence[TokenRow],
    known: Mapping[Place, Mapping[str, Meaning]],
    labels: Mapping[SeriesKey, str],
) -> Figure | None:
    """What each series' mean list implies at several temperatures; None without a list of two tokens."""
    lists = {key: rows for key, rows in by_series(tokens).items() if len(rows) > 1}
    shown = [row.key for row in series if row.key in lists][:MOST_SERIES]
    if not shown:
        return None
    lines = [line for key in shown for line in _lines(labels[key], lists[key], known.get(place(key), {}))]
    return Figure(
        anchor="temperatures",
        title="What the distribution implies at other temperatures",
        caption="Each listed first token's p^(1/T), renormalised over the list: the mass of tokens beyond it is ignored. At "
        "T = 0 the likeliest token takes all. Computed from the mean list; no call was made at these temperatures for it.",
        table=Table.first((Column("series", False), Column("answer", False), *_HEADS), lines, 60),
        csv="tokens.csv",
        sql="study_token_logprobs",
    )


_HEADS = tuple(Column(f"T = {t:g}", term="implied" if t == 0 else "") for t in TEMPERATURES)


def _lines(label: str, tokens: Sequence[TokenRow], known: Mapping[str, Meaning]) -> list[tuple[str, ...]]:
    """The likeliest answers and all else; a token that no completion explains stands for itself."""
    named = {row.token: known.get(row.token, Meaning(row.token, 0, 0)) for row in tokens}
    by_temperature = [implied_by_answer(tokens, named, temperature) for temperature in TEMPERATURES]
    at_one = by_temperature[TEMPERATURES.index(1.0)]
    likeliest = sorted(at_one, key=lambda answer: -at_one[answer])[:MOST_ANSWERS]
    rows = [
        (label, _shown(answer or ""), *(_share(shares[answer]) for shares in by_temperature)) for answer in likeliest
    ]
    rest = [sum(share for answer, share in shares.items() if answer not in likeliest) for shares in by_temperature]
    return [*rows, (label, BEYOND, *(_share(share) for share in rest))] if len(at_one) > len(likeliest) else rows


def _shown(answer: str) -> str:
    """In quotation marks where a space at its end is all that tells it from another."""
    return f.visible(answer) if answer == answer.strip() else f"“{f.visible(answer)}”"


def _share(share: float) -> str:
    """To a hundredth of a percent, beyond which a mean list says nothing; never 0% of something or 100% of not all."""
    if share in {0, 1}:
        return f.share(share)
    if share < LEAST_SHARE:
        return f"< {f.share(LEAST_SHARE)}"
    return f"> {f.share(1 - LEAST_SHARE)}" if share > 1 - LEAST_SHARE else f"{100 * share:.2f}%"
