"""Numbers, days and foreign text as a page shows them."""

import datetime as dt
import math
import unicodedata
from collections.abc import Iterable, Sequence

from tasks.core.words import counted as counted

# What the endpoint does not show; and what has no value, such as the difference of one call.
NOT_OBSERVABLE = "not observable"
NOT_DEFINED = "not defined"
UNKNOWN = "unknown"
NONE = "\N{EN DASH}"

MOST_DIGITS = 12
# Of a sum of shares, in percent: nothing, or all.
_ROUNDING = 1e-10
# What is left of a difference of equal numbers.
_NOTHING = 1e-12
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def count(n: int) -> str:
    """10000 as 10,000."""
    return f"{n:,}"


def every(n: int) -> str:
    """As a sentence begins with all of several: Both, All 3."""
    return "Both" if n == 2 else f"All {count(n)}"


def any_of(n: int) -> str:
    """As a denial has it of several: either of the two, any of the 3."""
    return "either of the two" if n == 2 else f"any of the {count(n)}"


def in_words(n: int) -> str:
    """Small counts as a sentence begins with them: two; 42 stays a number."""
    return _SMALL[n] if 0 <= n < len(_SMALL) else count(n)


def percent_digits(percentages: Iterable[float], least: int = 2) -> int:
    """As many decimals as tell these percentages apart, and apart from 0 and 100 where they are neither."""
    distinct = sorted(set(percentages))
    if not distinct:
        return least
    ends = [p for p in (0.0, 100.0) if min(abs(p - q) for q in distinct) > 0]
    marks = sorted({*distinct, *ends})
    for digits in range(least, MOST_DIGITS):
        if len({f"{p:.{digits}f}" for p in marks}) == len(marks):
            return digits
    return MOST_DIGITS


def percent(percentage: float | None, digits: int = 2) -> str:
    """A probability in percent."""
    return NOT_OBSERVABLE if percentage is None else f"{percentage:.{digits}f}%"


def percent_range(low: float, high: float, digits: int) -> str:
    """From low to high, as one number where they are the same."""
    return percent(high, digits) if low == high else f"{low:.{digits}f}{NONE}{high:.{digits}f}%"


def points(pp: float | None) -> str:
    """A difference of percentages, in percentage points to three significant digits."""
    return NOT_OBSERVABLE if pp is None else f"{significant(pp)} pp"


def share(fraction: float | None, digits: int = 1) -> str:
    """A share in percent; never 0% of something or 100% of not all."""
    if fraction is None:
        return NOT_OBSERVABLE
    percentage = 100 * fraction
    to_the_end = min(percentage, 100 - percentage)
    if to_the_end < _ROUNDING:
        return f"{percentage:.0f}%"
    if to_the_end >= 1:
        return f"{percentage:.{digits}f}%"
    # Near either end, two significant digits of the distance to it.
    return f"{percentage:.{1 - math.floor(math.log10(to_the_end))}f}".rstrip("0") + "%"


def significant(number: float | None, digits: int = 3) -> str:
    """So many significant digits, without an exponent: 59.998 as 60.0, 0.0009 as 0.0009."""
    if number is None:
        return NOT_OBSERVABLE
    if abs(number) < _NOTHING:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(number))))
    text = f"{number:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if abs(number) < 1 else text


def day(date: dt.date | None) -> str:
    """2026-03-04."""
    return NONE if date is None else date.isoformat()


def days(first: dt.date | None, last: dt.date | None) -> str:
    """A period of days; one day stands alone."""
    return day(first) if first == last else f"{day(first)} to {day(last)}"


def moment(at: dt.datetime | None) -> str:
    """A moment in UTC, to the minute."""
    return NONE if at is None else f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def duration(seconds: float) -> str:
    """A duration in words, by its two largest units."""
    whole = round(seconds)
    if whole < 1:
        return "under a second"
    units = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
    parts: list[str] = []
    for size, noun in units:
        amount, whole = divmod(whole, size)
        if amount or parts:
            parts.append(counted(amount, noun) if amount else "")
    return " ".join(part for part in parts[:2] if part)


def dollars(usd: float | None) -> str:
    """A cost; what has no price is unknown, never 0."""
    if usd is None:
        return UNKNOWN
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${significant(usd, 2)}"


def visible(text: str) -> str:
    """Foreign text with everything that cannot be seen, or that reorders its surroundings, made visible."""
    shown = "".join(_seen(character) for character in text)
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in shown):
        # First strong isolate ... pop: its direction stays its own.
        return f"\u2068{shown}\u2069"
    return shown


def _seen(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} or (category == "Zs" and character != " "):
        return f"⟨U+{ord(character):04X}⟩"
    return character


def visible_block(text: str) -> str:
    """The same for text with lines: line ends stay, all else is made visible."""
    return "\n".join(visible(line) for line in text.split("\n"))


def joined(parts: Sequence[str]) -> str:
    """A list as a sentence has it: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
