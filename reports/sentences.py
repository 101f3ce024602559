"""The sentences: short, exact, in the present tense, each number with its denominator. Pure functions of rows."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from reports import format as f
from reports import intervals
from reports.rows import DiscsRow, SeriesRow, SpreadRow
from reports.rows_of_calls import CostRow, LifetimeRow, OutcomeRow, RequestRow

OUTCOMES = {
    "unobserved": "did not list the token",
    "no_logprobs": "came without log-probabilities",
    "sentinel": "had a placeholder for a log-probability",
    "malformed": "could not be read",
}


def of_token(token: str | None) -> str:
    """Whose probability it is."""
    return f"of {f.visible(token)}" if token else "of its likeliest first token"


def spread(
    label: str, token: str | None, row: SpreadRow, clusters: int, threshold_pp: float, standing: str = ""
) -> list[str]:
    """How many different answers one identical request got, how far apart, how often the most frequent.

    `standing` says how its clusters stand apart, where that is known.
    """
    calls = f.counted(row.observed, "identical call")
    if row.observed == 0:
        return [nothing_observed(label, token, row)]
    if row.modal_pct is None or row.min_pct is None or row.max_pct is None:
        return []
    digits = f.percent_digits([row.min_pct, row.max_pct, row.modal_pct])
    if row.observed == 1:
        return [f"{label} was observed once: a probability {of_token(token)} of {f.percent(row.modal_pct, digits)}."]
    if row.distinct_values == 1:
        return [
            f"{label} gave the same probability {of_token(token)}, {f.percent(row.modal_pct, digits)}, in all {calls}."
        ]
    return [
        f"{label} gave {f.count(row.distinct_values or 0)} different probabilities {of_token(token)} in {calls}, "
        f"from {f.percent(row.min_pct, digits)} to {f.percent(row.max_pct, digits)}; "
        f"the most frequent, {f.percent(row.modal_pct, digits)}, in {f.share(row.modal_share, 0)}.",
        f"They fall into {f.counted(clusters, 'cluster')}{standing or f' at a threshold of {f.significant(threshold_pp)} pp'}.",
    ]


def nothing_observed(label: str, token: str | None, row: SpreadRow) -> str:
    """Why a series has no values."""
    calls = f.counted(row.samples, "call")
    if row.samples == row.failures:
        return f"All {calls} of {label} failed: nothing is known of its answers."
    if row.samples == row.failures + row.unobserved:
        listed = f.visible(token) if token else "a token"
        return f"None of the {calls} of {label} listed {listed}: its probability is not observable."
    return f"The {calls} of {label} returned no usable log-probabilities: how its probabilities vary is not observable."


def left_out(row: SpreadRow) -> list[str]:
    """Which calls the figures do without, and why."""
    if row.observed == 0 or row.observed == row.samples:
        return []
    other = row.samples - row.observed - row.failures - row.unobserved
    parts = [
        text
        for n, text in (
            (row.failures, f"{f.count(row.failures)} failed"),
            (row.unobserved, f"{f.count(row.unobserved)} did not list the token"),
            (other, f"{f.count(other)} had no usable log-probability"),
        )
        if n
    ]
    return [f"Of all {f.counted(row.samples, 'call')}, {f.joined(parts)}."]


def most_frequent(row: SeriesRow, discs: Sequence[DiscsRow]) -> list[str]:
    """On which days the most frequent value, or its cluster, was seen; nothing where that is every day."""
    modal = row.modal_pct
    if modal is None:
        return []
    seen = [of_day.day for of_day in discs if any(low <= modal <= high for low, high, _ in of_day.discs)]
    if not seen or len(seen) == len(discs):
        return []
    what = "value" if discs[0].is_value else "cluster"
    return [f"The most frequent {what} was seen on {len(seen)} of {len(discs)} days, from {f.days(seen[0], seen[-1])}."]


def request_changed(requests: Sequence[RequestRow]) -> list[str]:
    """That a series' figures are about its last request only, and the token that was followed last."""
    if len(requests) < 2:
        return []
    *_, before, newest = sorted(requests, key=lambda request: request.last_day)
    if before.request_id == newest.request_id:
        return [f"Another token is followed since {f.day(newest.first_day)}; these figures are about that one."]
    return [f"Its request changed; these figures are about the one sent from {f.day(newest.first_day)}."]


def fingerprints(lifetimes: Sequence[LifetimeRow], answered: int) -> list[str]:
    """Who served the answers, as far as they say so."""
    named = sorted((row for row in lifetimes if row.system_fingerprint), key=lambda row: -row.n)
    if not named:
        return []
    shown = [f"{f.visible(row.system_fingerprint or '')} ({f.share(row.n / answered)})" for row in named[:4]]
    more = f" and {f.counted(len(named) - 4, 'other')}" if len(named) > 4 else ""
    noun = "fingerprint" if len(named) == 1 else "fingerprints"
    return [f"{f.in_words(len(named)).capitalize()} {noun} served them: {', '.join(shown)}{more}."]


def shared_clusters(fingerprints_by_cluster: Sequence[int]) -> list[str]:
    """Whether fingerprints divide the clusters among themselves; a count, not a test."""
    if len(fingerprints_by_cluster) < 2 or max(fingerprints_by_cluster, default=0) < 2:
        return []
    both = sum(1 for n in fingerprints_by_cluster if n > 1)
    return [
        f"{f.count(both)} of the {f.count(len(fingerprints_by_cluster))} clusters came with more than one fingerprint."
    ]


def lead(
    series: Sequence[SeriesRow], outcomes: Sequence[OutcomeRow], first: dt.date | None, last: dt.date | None
) -> str:
    """Who was asked, when, how often: every call, whichever request of its series it made."""
    models = len({row.model for row in series})
    calls = sum(row.n for row in outcomes)
    failures = sum(row.n for row in outcomes if row.outcome == "failed")
    period = f"on {f.day(first)}" if first == last else f"from {f.days(first, last)}"
    failed = f", of which {f.count(failures)} failed" if failures else ""
    many = f"{f.counted(models, 'model')}, {f.counted(len(series), 'series', 'series')}"
    return f"{many}, {f.counted(calls, 'call')} {period}{failed}."


def how_sure(label: str, row: SpreadRow) -> list[str]:
    """What the values not seen yet amount to."""
    if row.unseen_mass is None or row.chao1 is None or row.distinct_values is None or row.observed < 2:
        return []
    if row.unseen_mass == 0:
        return [f"{label}: every value was seen at least twice in {f.counted(row.observed, 'call')}."]
    seen = f.count(row.distinct_values)
    return [
        f"{label}: the next call shows a new value with a chance of about {f.share(row.unseen_mass)}; "
        f"{seen} values were seen and at least {f.count(round(row.chao1))} exist."
    ]


def withheld(run_id: str, reasons: Sequence[str]) -> str:
    """Why a run is in no figure."""
    why = f.joined(list(reasons)) if reasons else "a critical expectation failed"
    return f"Run {f.visible(run_id)} is withheld from every figure: {why}."


def availability(outcomes: Sequence[OutcomeRow]) -> list[str]:
    """How many calls failed, as a share with its interval, and what was amiss with the others."""
    calls = sum(row.n for row in outcomes)
    kinds: Counter[str] = Counter()
    for row in outcomes:
        kinds[row.outcome] += row.n
    del kinds["ok"]
    if not calls:
        return []
    failed = kinds.pop("failed", 0)
    parts = [
        f"{f.count(n)} {OUTCOMES.get(kind, f.visible(kind))} ({intervals.in_words(n, calls)})"
        for kind, n in sorted(kinds.items())
    ]
    rest = f"Of all calls, {f.joined(parts)}." if parts else "Every answer had what was asked for."
    return [_failed(failed, calls), *([rest] if failed < calls else [])]


def _failed(failed: int, calls: int) -> str:
    if failed:
        return f"{f.count(failed)} of {f.counted(calls, 'call')} failed ({intervals.in_words(failed, calls)})."
    bound = intervals.bound_of_none(calls)
    confidence = f"with 95% confidence fewer than {bound} do" if bound else "too few to say how seldom calls do"
    none = "The one call did not fail" if calls == 1 else f"None of {f.count(calls)} calls failed"
    return f"{none}: {confidence}."


def headline(row: SpreadRow, clusters: int) -> str:
    """A series in a few words."""
    if not row.observed:
        return f.NOT_OBSERVABLE
    values = row.distinct_values or 0
    if values == 1:
        return f"1 value in {f.counted(row.observed, 'call')}"
    return f"{f.count(values)} values in {f.counted(clusters, 'cluster')}"


def day_before(row: SpreadRow | None, day: dt.date | None, clusters: int) -> list[str]:
    """What the previous day with data showed."""
    if row is None:
        return ["No earlier day has data."]
    if not row.observed:
        return [f"On {f.day(day)}, the day before, nothing was observed."]
    values = f.counted(row.distinct_values or 0, "value")
    shape = f"{values} in {f.counted(clusters, 'cluster')}" if row.distinct_values != 1 else "one value"
    digits = f.percent_digits([p for p in (row.min_pct, row.max_pct) if p is not None])
    ends = f.percent_range(row.min_pct or 0, row.max_pct or 0, digits)
    return [f"On {f.day(day)}, the day before, it gave {shape}, {ends}, over {f.counted(row.observed, 'call')}."]


def without_fingerprints(silent: Sequence[str], series: int) -> list[str]:
    """Which series say nothing of who served them."""
    if not silent:
        return []
    if len(silent) == series:
        return ["No answer names a fingerprint: which backend served it is not observable."]
    return [f"Not observable for {named(silent)}: no answer names a fingerprint."]


def named(labels: Sequence[str]) -> str:
    """Series by name where they are few, else their number."""
    return f.joined(list(labels)) if len(labels) <= 6 else f"{len(labels):,} series"


def cost(rows: Sequence[CostRow]) -> list[str]:
    """What the calls cost together; unknown as soon as one series' cost is."""
    if not rows:
        return []
    known = [row.usd for row in rows if row.usd is not None]
    if len(known) == len(rows):
        return [f"The calls cost {f.dollars(sum(known))}."]
    part = f"; those with a price cost {f.dollars(sum(known))}" if known else ""
    return [f"What the calls cost is unknown for {f.counted(len(rows) - len(known), 'series', 'series')}{part}."]


def simulated(is_simulated: bool) -> str:
    """The band on top of a page that shows a simulator's answers; "" on any other."""
    return (
        "Simulated data: the answers on this page come from a simulator, not from a provider." if is_simulated else ""
    )


def some_simulated(studies: Sequence[bool]) -> str:
    """The same for a page that shows several studies."""
    if not any(studies) or all(studies):
        return simulated(any(studies))
    return f"Simulated data: {sum(studies)} of {len(studies)} studies come from a simulator, and are marked so."
