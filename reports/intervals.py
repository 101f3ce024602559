"""Shares with their 95% intervals, as sentences and tables have them; where nothing happened, by the rule of three."""

from reports import format as f
from tasks.core.statistics import rule_of_three, wilson_interval


def in_words(events: int, n: int) -> str:
    """A share and its interval: 0.3%, 95% interval 0.1% to 0.9%. Raises ValueError without trials."""
    low, high, digits = _ends(events, n)
    return f"{f.share(events / n)}, 95% interval {f.percent(low, digits)} to {f.percent(high, digits)}"


def in_cell(events: int, n: int) -> str:
    """The interval alone; at no event the bound that the rule of three gives, and a dash where there is none."""
    if not n:
        return f.NONE
    if events:
        return wilson(events, n)
    bound = bound_of_none(n)
    return f"< {bound}" if bound else f.NONE


def wilson(events: int, n: int) -> str:
    """Wilson's interval alone, at no event too. Raises ValueError without trials."""
    return f.percent_range(*_ends(events, n))


def bound_of_none(n: int) -> str:
    """What a share stays below, with 95% confidence, after no event in `n` trials; "" where they bound nothing."""
    bound = rule_of_three(n)
    return f.share(bound) if bound < 1 else ""


def _ends(events: int, n: int) -> tuple[float, float, int]:
    """Both ends in percent, and the digits that tell them apart."""
    low, high = (100 * end for end in wilson_interval(events, n))
    return low, high, f.percent_digits([low, high], least=1)
