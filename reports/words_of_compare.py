"""A comparison in sentences. Pure functions of what was compared."""

import json
from collections.abc import Sequence

from reports import format as f
from reports.chances import SELDOM, chance, verdict
from reports.compared import Compared, ComparedPair, SideOfPair
from tasks.core.comparison import rarefied
from tasks.core.plan import SeriesKey
from tasks.core.sides import Side

MOST_NAMED = 6
# Where things lie, and which there are.
TESTS = 2


def names(left: Side, right: Side) -> tuple[str, str]:
    """What tells the sides apart: their days, models, arms, prompts or studies."""
    fields = [name for name in SeriesKey._fields if getattr(left, name) != getattr(right, name)]
    first, second = (_name(side, [*fields, *(["days"] if left.days != right.days else [])]) for side in (left, right))
    return first, second


def _name(side: Side, fields: Sequence[str]) -> str:
    return f.visible(" · ".join(_days(side) if field == "days" else _part(side, field) for field in fields))


def _part(side: Side, field: str) -> str:
    return getattr(side, field) or f"every {field}"


def _days(side: Side) -> str:
    if side.first is None and side.last is None:
        return "all days"
    if side.first is None or side.last is None:
        return f"until {f.day(side.last)}" if side.last else f"from {f.day(side.first)}"
    return f.days(side.first, side.last)


def pair_words(pair: ComparedPair, left: str, right: str) -> list[str]:
    """What one pair of series shows: values where both have them, else completions, else why nothing can be said."""
    words = [*_edited(pair.left, left), *_edited(pair.right, right), *_requests(pair)]
    if pair.left.span.values and pair.right.span.values:
        return [*_values(pair, left, right), *_apart(pair), *_completions_too(pair), *words]
    if pair.left.span.completions and pair.right.span.completions:
        return [*_completions(pair, left, right), *_moved(pair), *words]
    return [_nothing(pair, left, right), *words]


def _values(pair: ComparedPair, left: str, right: str) -> list[str]:
    counts = pair.left.span.values, pair.right.span.values
    sizes = [(len(side), sum(side.values())) for side in counts]
    common = len(counts[0].keys() & counts[1].keys())
    first, second = (f"{f.counted(n, 'value')} in {f.counted(calls, 'call')}" for n, calls in sizes)
    shared = _common(common, len(counts[0].keys() | counts[1].keys()))
    return [f"{_begin(left)}: {first}; {right}: {second}; {shared}.", *_rarefied(pair)]


def _begin(name: str) -> str:
    """As a sentence begins: words of our own with a capital, names as they are."""
    return name[0].upper() + name[1:] if name.startswith(("until ", "from ", "every ", "all ")) else name


def _common(common: int, either: int) -> str:
    if common == either:
        return "they are the same" if either > 1 else "it is the same"
    which = "none" if not common else f.in_words(common)
    return f"{which} of the {f.count(either)} {'are' if common > 1 else 'is'} common to both"


def _rarefied(pair: ComparedPair) -> list[str]:
    counts = pair.left.span.values, pair.right.span.values
    made = rarefied(*counts)
    if made is None or sum(counts[0].values()) == sum(counts[1].values()):
        return []
    least, first, second = made
    return [f"In {f.counted(least, 'call')} of each that is {f.significant(first)} and {f.significant(second)} values."]


def _apart(pair: ComparedPair) -> list[str]:
    moved, support = (pair.comparison.figures[name] for name in ("wasserstein_pp", "support"))
    if moved.p_value is None or support.p_value is None:
        return ["Both have one value, and it is the same."]
    # Each as if it were the only one of its kind would promise too much.
    p_moved, p_support = (min(1.0, TESTS * p_value) for p_value in (moved.p_value, support.p_value))
    words = [f"Their probabilities lie {f.points(moved.statistic)} apart: {_explained(p_moved)}."]
    if p_support <= SELDOM < p_moved:
        words.append(f"But the values are others: {_explained(p_support)}.")
    return words


def _explained(p_value: float) -> str:
    """What chance says of a difference, with its p-value."""
    return f"{verdict(p_value)} ({chance('p', p_value)})"


def _completions(pair: ComparedPair, left: str, right: str) -> list[str]:
    counts = pair.left.span.completions, pair.right.span.completions
    first, second = (
        f"{f.counted(len(side), 'completion')} in {f.counted(sum(side.values()), 'call')}" for side in counts
    )
    common = len(counts[0].keys() & counts[1].keys())
    shared = _common(common, len(counts[0].keys() | counts[1].keys()))
    return [f"{_begin(left)}: {first}; {right}: {second}; {shared}."]


def _moved(pair: ComparedPair) -> list[str]:
    figures = pair.comparison.figures
    p_values = [figures[name].p_value for name in ("total_variation", "completions_support")]
    tested = [p_value for p_value in p_values if p_value is not None]
    if not tested:
        return ["All calls of both gave the same completion."]
    share = f.share(figures["total_variation"].statistic)
    p_value = min(1.0, TESTS * min(tested))
    return [f"{share} of the completions would have to be others for both to be alike: {_explained(p_value)}."]


def _completions_too(pair: ComparedPair) -> list[str]:
    """Beside values, completions only where they differ."""
    figure = pair.comparison.figures.get("total_variation")
    return _moved(pair) if figure and figure.statistic else []


def _nothing(pair: ComparedPair, left: str, right: str) -> str:
    silent = [
        name
        for name, side in ((left, pair.left), (right, pair.right))
        if not side.span.values and not side.span.completions
    ]
    if silent:
        return f"Nothing was observed of {f.joined(silent)}: there is nothing to compare."
    return "One side has values and the other has none: they cannot be compared by them."


def _edited(side: SideOfPair, name: str) -> list[str]:
    if side.edited_on is None:
        return []
    return [f"The request of {name} was changed among its days: those from {f.day(side.edited_on)} on count."]


def _requests(pair: ComparedPair) -> list[str]:
    if pair.left.request_id == pair.right.request_id:
        return []
    if pair.left.request is None or pair.right.request is None:
        return ["The sides were sent different requests."]
    try:
        bodies = [dict(json.loads(side.request or "")) for side in (pair.left, pair.right)]
    except (TypeError, ValueError):
        return ["The sides were sent different requests."]
    differing = sorted(
        name for name in bodies[0].keys() | bodies[1].keys() if bodies[0].get(name) != bodies[1].get(name)
    )
    # Another model was asked for: that is no other request.
    told = [f.visible(name) for name in differing if name != "model"]
    return [f"Their requests differ in {f.joined(told)}."] if told else []


def summary(compared: Compared, labels: Sequence[str]) -> list[str]:
    """Every pair's first sentences, for a terminal."""
    first, second = names(compared.left, compared.right)
    lines = [
        f"{label}: {' '.join(pair_words(pair, first, second))}"
        if len(compared.pairs) > 1
        else " ".join(pair_words(pair, first, second))
        for label, pair in zip(labels, compared.pairs, strict=True)
    ]
    return [*lines, *left_out(compared, first, second)]


def left_out(compared: Compared, left: str, right: str) -> list[str]:
    """The series that only one side has."""
    words = []
    for name, keys in ((left, compared.only_left), (right, compared.only_right)):
        if keys:
            shown = [f.visible("/".join((key.model, key.arm, key.prompt))) for key in keys[:MOST_NAMED]]
            more = [f"{len(keys) - MOST_NAMED} more"] if len(keys) > MOST_NAMED else []
            words.append(f"Only {name} has {f.joined([*shown, *more])}.")
    return words
