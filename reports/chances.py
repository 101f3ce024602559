"""P-values and q-values in words: how likely a difference is where nothing differs."""

from reports import format as f

SMALLEST = 0.0001
RARE = 0.001
SELDOM = 0.05


def chance(name: str, value: float | None) -> str:
    """As it stands in brackets: q = 0.0004. What no test can tell from 0 is shown as a bound."""
    if value is None:
        return f"{name} not defined"
    if value < SMALLEST:
        return f"{name} < {SMALLEST:.4f}"
    return f"{name} = {in_cell(value)}"


def in_cell(value: float | None) -> str:
    """The same, alone in a table."""
    if value is None:
        return f.NONE
    if value >= 1:
        return "1"
    return f"< {SMALLEST:.4f}" if value < SMALLEST else f.significant(value, 2)


def verdict(p_value: float | None) -> str:
    """What a p-value says of a difference."""
    if p_value is None:
        return "untested"
    if p_value <= RARE:
        return "chance does not explain it"
    return "chance seldom gives as much" if p_value <= SELDOM else "chance gives as much"
