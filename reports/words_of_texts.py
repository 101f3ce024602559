"""What is said of completions: how many different ones one identical request got, and for how long they agree."""

from collections.abc import Mapping, Sequence

from reports import format as f
from reports import intervals
from reports.rows import SeriesRow
from reports.rows_of_texts import BeforeRow, DistanceRow, DivergenceRow, TextRow
from tasks.core.plan import SeriesKey


def answer(label: str, text: TextRow, divergence: Sequence[DivergenceRow], days: int) -> list[str]:
    """How many different completions, how often the most frequent, and how soon the others leave it."""
    calls = f.counted(text.answered, "identical call")
    if text.answered == 1:
        return [f"{label} answered once: whether it would answer the same again is not known."]
    if text.unique_completions == 1:
        bound = intervals.bound_of_none(text.answered)
        rest = f": with 95% confidence, fewer than {bound} of calls get another" if bound else ""
        return [f"{label} gave the same completion in all {calls}{rest}."]
    modal = "most frequent" if text.modal_n > 1 else "first"
    return [_different(label, text, calls), *shared_beginning(divergence, days, modal)]


def _different(label: str, text: TextRow, calls: str) -> str:
    first = f"{label} gave {f.count(text.unique_completions)} different completions in {calls}; "
    if text.modal_n == 1:
        return f"{first}no two are the same."
    return f"{first}the most frequent in {f.count(text.modal_n)} ({intervals.in_words(text.modal_n, text.answered)})."


def shared_beginning(divergence: Sequence[DivergenceRow], days: int, modal: str) -> list[str]:
    """How much of the modal completion the others share; nothing where all agree. `modal`: what it is, most frequent or first."""
    left = sorted((row.position, row.n) for row in divergence if row.position is not None)
    if not left:
        return []
    unit, middle = divergence[0].unit, weighted_median(left)
    whose = f"the {modal} one" if days == 1 else f"its day's {modal} one"
    earliest = "" if left[0][0] == middle else f"; the earliest of all after {_after(left[0][0], unit)}"
    if middle == 0:
        return [f"Half of the others leave {whose} at its first {unit}."]
    if left[0][0] == left[-1][0]:
        return [f"All others leave {whose} after {_after(middle, unit)}."]
    return [f"Half of the others leave {whose} after {_after(middle, unit)} or sooner{earliest}."]


def _after(position: int, unit: str) -> str:
    return f"no {unit}" if position == 0 else f.counted(position, unit)


def weighted_median(positions: Sequence[tuple[int, int]]) -> int:
    """The smallest position that half of the calls do not pass; `positions` are (position, calls) in order."""
    half = sum(n for _, n in positions) / 2
    passed = 0
    for position, n in positions:
        passed += n
        if passed >= half:
            return position
    raise ValueError("a median needs at least one call")


def median_shared(divergence: Sequence[DivergenceRow]) -> int | None:
    """How many tokens or characters half of the differing calls share at most; None where none differs."""
    left = sorted((row.position, row.n) for row in divergence if row.position is not None)
    return weighted_median(left) if left else None


def distances(rows: Sequence[DistanceRow], labels: Mapping[SeriesKey, str]) -> list[str]:
    """How far two completions of each series lie apart, in one sentence; nothing where none lies apart."""
    parts = [
        f"{labels[row.key]} {f.joined([f.significant(d) for d in (row.distance_pairs, row.edit_pairs) if d is not None])}"
        for row in rows
        if row.distance_pairs or row.edit_pairs
    ]
    has_embeddings = any(row.distance_pairs is not None for row in rows)
    has_edits = any(row.edit_pairs is not None for row in rows)
    kinds = [
        *(["in embeddings (1 \N{MINUS SIGN} cosine)"] if has_embeddings else []),
        *(["in edits (share of the longer text)"] if has_edits else []),
    ]
    others = "" if len(parts) == len(rows) else "; of the others, no two differ"
    return (
        [f"On average two completions of a day lie so far apart, {f.joined(kinds)}: {', '.join(parts)}{others}."]
        if parts
        else []
    )


def headline(text: TextRow) -> str:
    """A series without values in a few words."""
    if text.unique_completions == 1:
        return f"1 completion in {f.counted(text.answered, 'call')}"
    return f"{f.count(text.unique_completions)} unique of {f.counted(text.answered, 'completion')}"


def is_text(series: SeriesRow, text: TextRow | None) -> bool:
    """Whether a series is told by its completions: they are longer than a word, or have no value."""
    return text is not None and (text.is_long or not series.observed)


def asks_for_values(series: SeriesRow) -> bool:
    """Whether log-probabilities were asked for; what cannot be read counts as asked."""
    return '"logprobs"' in (series.request or '"logprobs"')


def day_before(row: BeforeRow) -> str:
    """What the previous day's completions were."""
    many = (
        "one completion" if row.unique_completions == 1 else f"{f.count(row.unique_completions)} different completions"
    )
    return f"On {f.day(row.previous_day)}, the day before, it gave {many} in {f.counted(row.observed, 'call')}."
