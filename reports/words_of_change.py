"""Whether and when a series changed, in sentences. Pure functions of rows."""

import datetime as dt
from collections.abc import Sequence
from math import comb
from statistics import median

from reports import format as f
from reports.chances import SELDOM, chance, verdict
from reports.rows_of_change import AlarmRow, CountsRow, DriftRow
from tasks.core.drift import BASELINE_DAYS, LEVEL
from tasks.core.statistics import rarefied_values

MOST_CHANGES = 4
MOST_CLAUSES = 6
# Values are tested twice, and so are completions.
TESTS = 2
REQUEST_CHANGED = "request changed"
BORN, GONE = "fingerprint born: ", "fingerprint gone: "
# What stands at a line in a figure.
WORDS = {
    "distribution": "shifted",
    "values": "other values",
    "answers": "other answers",
    "grid": "other grid",
    REQUEST_CHANGED: REQUEST_CHANGED,
}


def change_words(rows: Sequence[DriftRow]) -> list[str]:
    """Whether and when one series changed; its rows in the order of days."""
    alarms = [row for row in rows if row.is_alarm]
    return [
        *(_changes(rows, alarms) if alarms else _no_change(rows)),
        *(_restless() if rows and rows[-1].is_restless else []),
    ]


def _changes(rows: Sequence[DriftRow], alarms: Sequence[DriftRow]) -> list[str]:
    compared = _compared(rows)
    if len(alarms) == 1:
        return [f"It changed on {f.day(alarms[0].day)}: {what_changed(alarms[0], rows)}."]
    shown = alarms[-MOST_CHANGES:]
    which = "" if len(shown) == len(alarms) else f"; the last {f.in_words(len(shown))}"
    return [
        f"It changed on {f.count(len(alarms))} of {f.counted(compared, 'day')} that have days before them{which}.",
        *[f"On {f.day(row.day)}, {what_changed(row, rows)}." for row in shown],
    ]


def _compared(rows: Sequence[DriftRow]) -> int:
    return sum(1 for row in rows if row.is_compared or row.is_alarm)


def _no_change(rows: Sequence[DriftRow]) -> list[str]:
    compared = [row for row in rows if row.is_compared]
    if not compared:
        has_any = any(row.answered for row in rows)
        return ["Whether it changes takes a second day with samples."] if has_any else []
    number = round(median(row.answered for row in compared))
    calls = f.counted(number, "call")
    usual = calls if len({row.answered for row in compared}) == 1 else f"usually {calls}"
    if len(compared) == 1:
        return [f"No alarm on the one day that could be compared with a day before it ({calls})."]
    quiet = f"No alarm on {f.any_of(len(compared))} days compared with days before them, with {usual} a day."
    return [quiet] if can_tell(number) else [quiet, "So few calls cannot raise one."]


def can_tell(calls: int) -> bool:
    """Whether so many calls a day can be apart from a whole baseline, in any of the ways to draw them, by less than chance."""
    return TESTS / comb((BASELINE_DAYS + 1) * calls, calls) <= LEVEL


def _restless() -> list[str]:
    return [
        "Its days keep differing from the day before: a change shows only where a day stands out from those differences."
    ]


def what_changed(row: DriftRow, rows: Sequence[DriftRow] = ()) -> str:
    """The reasons of an alarm, each with its figure, and how likely they are where nothing changed."""
    tested = {"distribution", "values", "answers"} & set(row.reasons)
    parts = [_part(reason, row, rows) for reason in row.reasons]
    bracket = f" ({chance('q', row.q_value)})" if tested and row.q_value is not None else ""
    return f"{f.joined(parts)}{bracket}"


def _part(reason: str, row: DriftRow, rows: Sequence[DriftRow]) -> str:
    if reason.startswith(BORN):
        return f"fingerprint {f.visible(reason.removeprefix(BORN))} appeared"
    if reason.startswith(GONE):
        return f"fingerprint {f.visible(reason.removeprefix(GONE))} went"
    if reason == "distribution":
        return f"the distribution shifted by {f.points(row.baseline_wasserstein_pp)}"
    if reason == "values":
        return _others("values", row.baseline_jaccard)
    if reason == "answers":
        return _others("completions", row.baseline_jaccard) + _variation(row)
    return _grid(row, rows) if reason == "grid" else f.visible(reason)


def _others(what: str, jaccard: float | None) -> str:
    if jaccard is None:
        return f"other {what} came"
    if jaccard == 0:
        return f"none of its {what} was seen on quiet days before"
    if jaccard == 1:
        return f"the same {what} came in other shares"
    return f"of all {what} before and since, {f.share(jaccard, 0)} are common"


def _variation(row: DriftRow) -> str:
    if row.baseline_total_variation is None:
        return ""
    return f", {f.share(row.baseline_total_variation, 0)} of the answers moved"


def _grid(row: DriftRow, rows: Sequence[DriftRow]) -> str:
    before = [one for one in rows if one.day < row.day]
    was = _step(before[-1].grid_step_nat) if before else ""
    return f"the logit grid is {_step(row.grid_step_nat)}" + (f", and was {was}" if was else "")


def _step(step_nat: float | None) -> str:
    return "none" if step_nat is None else f"{fraction(step_nat)} nat"


def fraction(step_nat: float) -> str:
    """A power of two as one writes it: 1/64."""
    return f"1/{round(1 / step_nat)}" if step_nat < 1 else f"{step_nat:g}"


def word_of(reasons: Sequence[str]) -> str:
    """The word at a line in a figure: the most telling of the reasons."""
    if any(reason.startswith(BORN) for reason in reasons):
        return "new fingerprint"
    if any(reason.startswith(GONE) for reason in reasons):
        return "fingerprint gone"
    telling = [
        WORDS[word] for word in ("grid", "distribution", "values", "answers", REQUEST_CHANGED) if word in reasons
    ]
    return telling[0] if telling else "changed"


def in_few_words(reasons: Sequence[str]) -> str:
    """Reasons as a list, for a cell or a sentence over several series."""
    return ", ".join(f.visible(reason) for reason in reasons)


def news(study: str, day: dt.date, changed: Sequence[str], series: int, alarms: Sequence[AlarmRow]) -> str:
    """The changes of a study on a day: a clause for every reason, with the series that it is the reason of."""
    by_reason: dict[str, list[int]] = {}
    for place, alarm in enumerate(alarms):
        by_reason.setdefault(alarm.reason, []).append(place)
    clauses = [
        _clause([changed[place] for place in places], [alarms[place] for place in places], series)
        for places in by_reason.values()
    ]
    left = len(clauses) - MOST_CLAUSES
    more = [f"and {f.counted(left, 'more kind')} of change, on the study's page"] if left > 0 else []
    return f"{f.day(day)}: {f.visible(study)}, {'; '.join([*clauses[:MOST_CLAUSES], *more])}."


def _clause(changed: Sequence[str], alarms: Sequence[AlarmRow], series: int) -> str:
    """The same reason in these series, and how far it took them."""
    reasons = alarms[0].reasons
    shifts = [alarm.baseline_wasserstein_pp for alarm in alarms if alarm.baseline_wasserstein_pp is not None]
    is_far = shifts and {"distribution", "values"} & set(reasons)
    far = f", by {'up to ' if len(shifts) > 1 else ''}{f.points(max(shifts))}" if is_far else ""
    return f"{_who(changed, series)} changed ({in_few_words(reasons)}){far}"


def _who(changed: Sequence[str], series: int) -> str:
    if len(changed) == 1:
        return changed[0] if series > 1 else f"its one series, {changed[0]},"
    if len(changed) == series:
        return f"all {f.count(series)} series"
    few = len(changed) <= 3
    return f.joined(list(changed)) if few else f"{f.count(len(changed))} of {f.count(series)} series"


def against_baseline(row: DriftRow) -> list[str]:
    """How one day stands beside its baseline, with what chance alone gives."""
    if row.reason == REQUEST_CHANGED:
        return ["Its request was changed on this day: it is compared with no day before."]
    if not row.is_compared:
        return []
    days = _baseline(row)
    if row.is_alarm:
        return [f"Against {days}, it changed: {what_changed(row)}."]
    apart = _apart(row)
    says = verdict(row.p_value)
    # A day that is no alarm can be unusual: so are some of many quiet days.
    quiet = ", but is too little for an alarm" if row.p_value is not None and row.p_value <= SELDOM else ""
    return [f"Against {days}, {apart}: {says}{quiet} ({chance('p', row.p_value)})."]


def _baseline(row: DriftRow) -> str:
    first, last = row.baseline_first_day, row.baseline_last_day
    if row.baseline_days == 1:
        return f"{f.day(last)}"
    return f"the {f.count(row.baseline_days)} quiet days from {f.days(first, last)}"


def _apart(row: DriftRow) -> str:
    if row.baseline_wasserstein_pp is not None:
        return f"its values lie {f.points(row.baseline_wasserstein_pp)} apart"
    if row.baseline_total_variation is not None:
        return f"{f.share(row.baseline_total_variation)} of its answers moved"
    return "nothing moved"


def equally_many(rows: Sequence[CountsRow], day: dt.date) -> list[str]:
    """How many values a day and the one before show in equally many calls; nothing where both have as many."""
    sizes = {row.day: sum(row.counts) for row in rows}
    if len(sizes) < 2 or day not in sizes or len(set(sizes.values())) == 1:
        return []
    least = min(sizes.values())
    today, before = (
        f.significant(rarefied_values(row.counts, least)) for row in sorted(rows, key=lambda row: row.day != day)
    )
    return [f"In {f.counted(least, 'call')} of each, it shows {today} different values, and the day before {before}."]


def over_days(rows: Sequence[CountsRow]) -> list[str]:
    """How the number of different values behaves from day to day, in equally many calls of each.

    Days with less than half the usual number of calls would leave the others too little, and are left out.
    """
    sizes = [sum(row.counts) for row in rows]
    enough = median(sizes) / 2 if sizes else 0
    kept = [row for row, size in zip(rows, sizes, strict=True) if size >= enough]
    if len(kept) < 2:
        return []
    least = min(size for size in sizes if size >= enough)
    seen = [rarefied_values(row.counts, least) for row in kept]
    low, high = (_number(end) for end in (min(seen), max(seen)))
    size = "" if least == max(sizes) else f" in {f.counted(least, 'call')}"
    days = f"{len(kept)} days" if len(kept) == len(rows) else f"{len(kept)} of {len(rows)} days"
    if low == high:
        return [f"Each of the {days} shows {low} {'value' if low == '1' else 'values'}{size}."]
    return [f"A day shows between {low} and {high} values{size}, over {days}."]


def _number(values: float) -> str:
    """To three digits; what is whole then as a count."""
    shown = f.significant(values)
    return f.count(round(values)) if float(shown.replace(",", "")).is_integer() else shown
