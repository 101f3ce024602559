"""Whether something changed: sequences of days by hand, decided one after the other."""

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.core.change import Comparison
from tasks.core.deciding import Deciding, ShownDay
from tasks.core.drift import HISTORY_DAYS, Decision
from tasks.core.grid import GridFit
from tasks.core.plan import Asked, SeriesKey

Shown = Callable[..., ShownDay]
Decided = Callable[..., list[Decision]]
Alarms = Callable[[Sequence[Decision]], dict[int, str | None]]

VALUES = np.log(np.array([0.82, 0.85, 0.88, 0.92, 0.95, 0.97]))
SHARES = np.array([0.05, 0.1, 0.15, 0.3, 0.25, 0.15])
SHIFTED = SHARES[::-1]
BOTH = "distribution, values"
FIRST = dt.date(2026, 3, 1)


def drawn(seed: int, n: int = 50, values: Sequence[float] = VALUES, shares: Sequence[float] = SHARES) -> list[float]:
    """Independent samples of a distribution."""
    return np.random.default_rng(seed).choice(values, n, p=shares).tolist()


def quiet(shown: Shown, days: int, first_seed: int = 0, **given: object) -> list[ShownDay]:
    """Days of 50 samples of VALUES by SHARES."""
    return [shown(drawn(first_seed + day), **given) for day in range(days)]


def test_the_first_day_is_compared_with_nothing(shown: Shown, decided: Decided) -> None:
    """No previous day, no p-value, no reason."""
    (decision,) = decided(quiet(shown, 1))
    assert decision.is_observed
    assert (decision.previous_day, decision.p_value, decision.q_value, decision.reason) == (None, None, None, None)
    assert decision.regime_first_day == decision.day


def test_quiet_days_stay_quiet(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """Forty of them; the baseline is of the last fourteen, the most recent one left out."""
    decisions = decided(quiet(shown, 40))
    assert alarms(decisions) == {}
    last = decisions[-1]
    assert (last.day - last.previous_day).days == 1
    assert ((last.day - last.baseline_last_day).days, last.baseline_days) == (2, 14)
    assert (last.day - last.baseline_first_day).days == 15
    assert {one.regime_first_day for one in decisions} == {decisions[0].day}


def test_one_quiet_day_alone_is_the_baseline(shown: Shown, decided: Decided) -> None:
    """Of the second and the third day: then one is left out."""
    decisions = decided(quiet(shown, 4))
    assert [one.baseline_days for one in decisions] == [0, 1, 1, 2]


def test_one_sample_a_day_says_nothing(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """It is compared, and never an alarm in a few days."""
    decisions = decided([shown([VALUES[day % 2]]) for day in range(6)])
    assert alarms(decisions) == {}
    assert decisions[1].p_value == 1


def test_equal_values_are_as_close_as_can_be(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """A constant series: p = 1 on every day but the first."""
    decisions = decided([shown([VALUES[0]] * 50)] * 20)
    assert alarms(decisions) == {}
    assert {one.p_value for one in decisions[1:]} == {1.0}


def test_a_constant_series_that_takes_another_value_alarms_once(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """One value, then one other."""
    decisions = decided([shown([VALUES[0]] * 50)] * 3 + [shown([VALUES[1]] * 50)] * 5)
    assert alarms(decisions) == {3: BOTH}


def test_a_day_of_which_nothing_was_seen_decides_nothing(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """The next one is compared with the day before it."""
    decisions = decided([*quiet(shown, 2), shown(), *quiet(shown, 2, 2)])
    assert alarms(decisions) == {}
    unobserved, after = decisions[2:4]
    assert not unobserved.is_observed
    assert (unobserved.p_value, unobserved.reason, unobserved.previous_day) == (None, None, None)
    assert after.previous_day == decisions[1].day


def test_a_gap_of_weeks_is_no_change(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """The previous day is the last one with data; a change behind the gap is seen."""
    days = [*quiet(shown, 5), *[None] * 40]
    decisions = decided([*days, *quiet(shown, 2, 5)])
    assert alarms(decisions) == {}
    assert (decisions[5].day - decisions[5].previous_day).days == 41
    moved = [shown(drawn(seed, shares=SHIFTED)) for seed in (5, 6)]
    assert set(alarms(decided([*days, *moved]))) == {45}


def test_series_appear_and_end_in_the_middle(
    shown: Shown, decided_together: Callable[..., list[Decision]], alarms: Alarms
) -> None:
    """Neither is a change of anything."""
    several = [quiet(shown, 10), quiet(shown, 4, 20), [*[None] * 5, *quiet(shown, 5, 30)]]
    decisions = decided_together(several)
    assert alarms(decisions) == {}
    assert Counter(one.key.prompt for one in decisions) == {"0": 10, "1": 4, "2": 5}


@pytest.mark.parametrize(
    ("values", "shares", "reason"),
    [
        (VALUES, SHIFTED, "distribution"),
        (VALUES - 0.4, SHARES, BOTH),
        (VALUES - 1e-5, SHARES, "values"),
        (VALUES[:1], [1.0], BOTH),
    ],
    ids=["shifted", "replaced", "moved by a hair", "one value left"],
)
def test_a_change_alarms_on_its_day_once_and_says_why(
    values: Sequence[float], shares: Sequence[float], reason: str, shown: Shown, decided: Decided, alarms: Alarms
) -> None:
    """Fifty samples a day, five quiet days before it; the next days are of the new regime."""
    after = [shown(drawn(100 + seed, values=values, shares=shares)) for seed in range(8)]
    decisions = decided([*quiet(shown, 5), *after])
    assert alarms(decisions) == {5: reason}
    assert {one.regime_first_day for one in decisions[5:]} == {decisions[5].day}


def test_a_wider_support_around_the_same_mean_is_seen(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """A coarser grid keeps the mean and moves the values."""
    fine, coarse = np.log([0.89, 0.9, 0.91]), np.log([0.88, 0.9, 0.92])
    days = [shown(drawn(seed, values=fine, shares=[0.25, 0.5, 0.25])) for seed in range(5)]
    days += [shown(drawn(seed, values=coarse, shares=[0.25, 0.5, 0.25])) for seed in range(5, 10)]
    assert list(alarms(decided(days))) == [5]


def test_an_excursion_of_one_day_is_one_alarm(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """The day after it is back in the regime before, and so is its baseline."""
    odd = shown(drawn(99, values=VALUES - 0.4))
    decisions = decided([*quiet(shown, 6), odd, *quiet(shown, 6, 10)])
    assert alarms(decisions) == {6: BOTH}
    assert [one.regime_first_day == decisions[0].day for one in decisions] == [index != 6 for index in range(13)]
    assert decisions[8].baseline_last_day == decisions[5].day


def test_an_excursion_with_a_fingerprint_of_its_own_is_one_alarm(
    shown: Shown, decided: Decided, alarms: Alarms
) -> None:
    """That it is gone the next day is the same news."""
    odd = shown(drawn(99, values=VALUES - 0.4), fingerprints={"fp_b": 50})
    of_a = {"fingerprints": {"fp_a": 50}}
    decisions = decided([*quiet(shown, 6, **of_a), odd, *quiet(shown, 6, 10, **of_a)])
    assert alarms(decisions) == {6: f"{BOTH}, fingerprint born: fp_b, fingerprint gone: fp_a"}


def test_a_change_in_the_middle_of_a_day_is_one_alarm(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """A mixture on its day; the day after is of the regime that stays."""
    mixed = shown([*drawn(50, 25), *drawn(51, 25, VALUES - 0.4)])
    after = [shown(drawn(60 + seed, values=VALUES - 0.4)) for seed in range(6)]
    decisions = decided([*quiet(shown, 6), mixed, *after])
    assert set(alarms(decisions)) == {6}
    assert decisions[-1].regime_first_day in {decisions[6].day, decisions[7].day}


@pytest.mark.parametrize("apart", [1, 2, 4])
def test_two_changes_are_two_alarms(apart: int, shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """On two days in a row, too, where the second is on new ground."""
    second = [shown(drawn(60 + seed, values=VALUES - 0.4)) for seed in range(apart)]
    third = [shown(drawn(80 + seed, values=VALUES - 0.9)) for seed in range(5)]
    assert set(alarms(decided([*quiet(shown, 6), *second, *third]))) == {6, 6 + apart}


def test_a_restless_series_is_told_and_not_alarmed_about_daily(shown: Shown, decided: Decided) -> None:
    """Every day another level: days cannot be told from each other once that is known."""
    levels = np.random.default_rng(5).normal(-0.5, 0.1, 60)
    decisions = decided([shown([level] * 50) for level in levels])
    assert decisions[-1].is_restless
    assert not any(one.is_alarm for one in decisions[20:])
    assert [one.is_restless for one in decisions[:6]] == [False] * 6


def test_a_series_that_never_stayed_does_not_change(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """New every day from its first on: the second day is an alarm, the others are as always; and once it stays, it can change."""
    days = [shown([-0.5 - day / 100] * 50) for day in range(9)]
    assert alarms(decided(days)) == {1: BOTH}
    stays = [shown(drawn(seed, values=VALUES - 0.9)) for seed in range(40)]
    moved = [shown(drawn(seed, values=VALUES - 1.3)) for seed in range(40, 44)]
    assert list(alarms(decided([*days[:3], *stays[:18], *moved]))) == [1, 21]


def test_a_restless_series_still_shows_a_plain_change(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """A day that stands out from all the last fourteen."""
    shares = np.random.default_rng(4).dirichlet(SHARES, 30)
    days = [shown(drawn(seed, shares=of)) for seed, of in enumerate(shares)]
    decisions = decided([*days, shown(drawn(40, values=VALUES - 0.9))])
    assert decisions[-1].is_restless
    assert 30 in alarms(decisions)


@pytest.mark.parametrize("requests", ["aaabbbaaa", "aaaAAAaaa"], ids=["another request", "another token followed"])
def test_another_request_is_ours_and_no_alarm(requests: str, shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """Also where it is changed back: days are compared within an unbroken stretch of one request and one token."""
    days = [
        *quiet(shown, 3),
        *(shown(drawn(20 + seed, values=VALUES - 0.4)) for seed in range(3)),
        *quiet(shown, 3, 30),
    ]
    decisions = decided(days, requests)
    assert alarms(decisions) == {}
    assert [one.reason for one in decisions] == [
        None,
        None,
        None,
        "request changed",
        None,
        None,
        "request changed",
        None,
        None,
    ]
    changed = decisions[6]
    assert changed.previous_day == decisions[5].day
    assert (changed.p_value, changed.baseline_days, changed.regime_first_day) == (None, 0, changed.day)
    assert decisions[7].baseline_first_day == changed.day


def test_a_new_fingerprint_with_the_same_distribution_alarms_once(
    shown: Shown, decided: Decided, alarms: Alarms
) -> None:
    """It is born, and the one before is gone; the distribution is as it was, and so is the regime."""
    before = quiet(shown, 6, fingerprints={"fp_a": 50})
    decisions = decided([*before, *quiet(shown, 6, 10, fingerprints={"fp_b": 50})])
    assert alarms(decisions) == {6: "fingerprint born: fp_b, fingerprint gone: fp_a"}
    assert decisions[-1].regime_first_day == decisions[0].day


@pytest.mark.parametrize("after", ["fp_a", "fp_b"], ids=["for a day", "for good"])
@pytest.mark.parametrize("on_the_day", [{"fp_a": 25, "fp_b": 25}, {"fp_b": 50}], ids=["mixed", "alone"])
def test_a_fingerprint_that_comes_with_the_same_distribution_is_one_alarm(
    on_the_day: Mapping[str | None, int], after: str, shown: Shown, decided: Decided, alarms: Alarms
) -> None:
    """Swapped between days or in the middle of one; that the other is gone the next day is the same news."""
    before = quiet(shown, 6, fingerprints={"fp_a": 50})
    day = shown(drawn(9), fingerprints=on_the_day)
    decisions = decided([*before, day, *quiet(shown, 20, 10, fingerprints={after: 50})])
    (said,) = alarms(decisions).items()
    assert said == (6, "fingerprint born: fp_b" + ("" if "fp_a" in on_the_day else ", fingerprint gone: fp_a"))


def test_a_fingerprint_that_goes_later_than_another_came_is_news(
    shown: Shown, decided: Decided, alarms: Alarms
) -> None:
    """Two days after it, say: they served side by side, and one of them stopped."""
    both = quiet(shown, 2, 20, fingerprints={"fp_a": 25, "fp_b": 25})
    days = [*quiet(shown, 6, fingerprints={"fp_a": 50}), *both, *quiet(shown, 6, 30, fingerprints={"fp_b": 50})]
    assert alarms(decided(days)) == {6: "fingerprint born: fp_b", 8: "fingerprint gone: fp_a"}


def test_a_fingerprint_that_is_rare_is_no_news(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """One answer of fifty that was not seen in the days before may well have been missed there."""
    days = quiet(shown, 3, fingerprints={"fp_a": 50})
    days += [shown(drawn(9), fingerprints={"fp_a": 49, "fp_b": 1}), *quiet(shown, 3, 10, fingerprints={"fp_a": 50})]
    assert alarms(decided(days)) == {}


def test_a_fingerprint_that_fades_is_gone_once_it_is_no_chance(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """Of one answer in ten, two days are needed; and it is said once, however long the series lasts."""
    both, one = {"fp_a": 45, "fp_b": 5}, {"fp_a": 50}
    days = [*quiet(shown, 14, fingerprints=both), *quiet(shown, 40, 20, fingerprints=one)]
    assert alarms(decided(days)) == {15: "fingerprint gone: fp_b"}


def test_answers_without_a_fingerprint_are_neither_born_nor_gone(
    shown: Shown, decided: Decided, alarms: Alarms
) -> None:
    """Null is a state; the first name after it is a birth."""
    days = quiet(shown, 4, fingerprints={"fp_a": 25, None: 25}) + quiet(shown, 4, 10, fingerprints={"fp_a": 50})
    assert alarms(decided(days)) == {}
    days = quiet(shown, 4, fingerprints={None: 50}) + quiet(shown, 4, 10, fingerprints={"fp_a": 50})
    assert alarms(decided(days)) == {4: "fingerprint born: fp_a"}


def on_grid(step: int, lists: int = 30) -> GridFit:
    """Lists of 19 gaps wholly on the grid of 2^-step and finer ones, and on no coarser one."""
    fits = [0 if k < step else lists for k in range(11)]
    return GridFit(lists, 19 * lists, tuple(19 * fit for fit in fits), tuple(fits))


@pytest.mark.parametrize(("before", "after"), [(3, 6), (6, 3)], ids=["finer", "coarser"])
def test_another_grid_under_the_same_distribution_alarms_once(
    before: int, after: int, shown: Shown, decided: Decided, alarms: Alarms
) -> None:
    """The reason is the grid alone."""
    days = quiet(shown, 5, grid=on_grid(before)) + quiet(shown, 5, 10, grid=on_grid(after))
    decisions = decided(days)
    assert alarms(decisions) == {5: "grid"}
    assert decisions[4].grid_step_nat == 2.0**-before
    assert decisions[5].grid_step_nat == 2.0**-after


def continuous(seed: int, n: int = 100, mean: float = -0.5) -> list[float]:
    """Values of which no two are equal."""
    return np.random.default_rng(seed).normal(mean, 0.05, n).tolist()


def test_values_that_are_never_equal_are_quiet_until_they_move(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """Fifteen days of a hundred: more than a thousand distinct values, none twice. New values alone are no news."""
    days = [shown(continuous(seed)) for seed in range(15)]
    days += [shown(continuous(seed, mean=-0.6)) for seed in range(15, 18)]
    assert set(alarms(decided(days))) == {15}


def test_values_that_wander_through_a_day_are_no_change(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """Consecutive values that are never equal and hardly differ: a day tells as much as a few samples."""

    def wandering(seed: int) -> list[float]:
        rng, values = np.random.default_rng(seed), [0.0]
        for _ in range(49):
            values.append(0.8 * values[-1] + math.sqrt(1 - 0.64) * rng.normal())
        return [-0.5 + 0.05 * value for value in values]

    assert alarms(decided([shown(wandering(seed)) for seed in range(20)])) == {}


def test_completions_are_compared_where_there_are_no_values(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """The reason says that it is the answers."""
    heads, tails = {"completions": {"Heads": 40, "Tails": 10}}, {"completions": {"Heads": 10, "Tails": 40}}
    decisions = decided([shown(**heads)] * 5 + [shown(**tails)] * 4)
    assert alarms(decisions) == {5: "answers"}
    assert decisions[-1].regime_first_day == decisions[5].day


def test_completions_that_are_all_different_are_no_change(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """Where no two are equal, new ones every day are as it always is."""
    assert alarms(decided([shown(completions={f"{day} {n}": 1 for n in range(20)}) for day in range(8)])) == {}


def test_completions_whose_shares_vary_from_day_to_day_are_no_change(
    shown: Shown, decided: Decided, alarms: Alarms
) -> None:
    """More than independent samples would: a day must stand out from the days before."""
    rng = np.random.default_rng(3)
    shares = rng.dirichlet([8, 8, 8, 8], size=30)
    days = [shown(completions=dict(zip("abcd", rng.multinomial(50, of).tolist(), strict=True))) for of in shares]
    assert len(alarms(decided(days))) <= 1


def test_a_series_with_values_and_completions_is_tested_on_both(shown: Shown, decided: Decided, alarms: Alarms) -> None:
    """Values that stay under answers that change, and both together."""
    said, unsaid = {"Heads": 25, "Tails": 25}, {"Edge": 50}
    days = quiet(shown, 5, completions=said)
    assert alarms(decided([*days, *quiet(shown, 3, 10, completions=unsaid)])) == {5: "answers"}
    moved = [shown(drawn(seed, values=VALUES - 0.4), completions=unsaid) for seed in (20, 21)]
    assert alarms(decided([*days, *moved])) == {5: f"{BOTH}, answers"}


def test_one_of_many_series_is_seen(
    shown: Shown, decided_together: Callable[..., list[Decision]], alarms: Alarms
) -> None:
    """Thirty series of one study, and one changes: its p-value is drawn as small as that takes."""
    several = [[shown([VALUES[0]] * 50)] * 5 for _ in range(29)]
    decisions = decided_together([[*quiet(shown, 4), shown(drawn(9, values=VALUES - 0.4))], *several])
    assert alarms(decisions) == {4: BOTH}
    (alarm,) = (one for one in decisions if one.is_alarm)
    assert alarm.q_value == pytest.approx(30 * alarm.p_value)


def test_q_values_are_benjamini_and_hochbergs(shown: Shown, decided_together: Callable[..., list[Decision]]) -> None:
    """By hand: the smallest over this and all larger ones of p times series over rank."""
    decisions = decided_together([quiet(shown, 2, 10 * series) for series in range(4)])[4:]
    ranked = sorted(decisions, key=lambda one: one.p_value)
    expected = [min(one.p_value * 4 / rank for rank, one in enumerate(ranked, 1) if rank > index) for index in range(4)]
    assert [one.q_value for one in ranked] == pytest.approx(expected)


def test_what_was_compared_is_not_compared_again(shown: Shown) -> None:
    """With the comparisons of before, the same decisions, and none made; a day of other samples is compared again."""
    key, dates = SeriesKey("study", "e", "m", "a", "p"), [dt.date(2026, 3, day) for day in (1, 2, 3)]
    days = dict(zip(dates, quiet(shown, 3), strict=True))

    def decide(known: Mapping[str, Comparison]) -> tuple[list[Decision], Deciding]:
        deciding = Deciding(lambda _, day: days[day], known=known)
        return [one for date in dates for one in deciding.day(date, {key: Asked("a")})], deciding

    decisions, first = decide({})
    known = {found: comparison for found, (_, _, comparison) in first.made.items()}
    assert len(known) == 3  # The second day's baseline is its previous day.
    assert decide(known)[0] == decisions
    assert decide(known)[1].made == {}
    days[dates[1]] = shown(drawn(77))
    assert len(decide(known)[1].made) == 2


def test_decisions_go_on_from_what_was_decided_before(shown: Shown) -> None:
    """The last thirty days of history are enough: decided in two parts or in one, each day is decided alike."""
    key, first = SeriesKey("study", "e", "m", "a", "p"), dt.date(2026, 3, 1)
    shows = [*quiet(shown, 36), *(shown(drawn(50 + seed, shares=SHIFTED)) for seed in range(6))]
    days = {first + dt.timedelta(index): day for index, day in enumerate(shows)}
    whole = Deciding(lambda _, day: days[day])
    decisions = [one for day in days for one in whole.day(day, {key: Asked("a")})]
    for split in (35, 37, 39):
        rest = Deciding(lambda _, day: days[day], {key: decisions[:split][-HISTORY_DAYS:]})
        assert [one for day in [*days][split:] for one in rest.day(day, {key: Asked("a")})] == decisions[split:]


samples = st.lists(st.sampled_from([*VALUES.tolist(), -1.5, -2.5]), max_size=12)
said = st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), max_size=3)
named = st.dictionaries(st.sampled_from(["fp_a", "fp_b", None]), st.integers(1, 30), max_size=3)


@given(st.lists(st.none() | st.tuples(samples, said, named, st.sampled_from("ab")), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_days_show_is_decided(
    decided: Decided, shown: Shown, days: list[tuple[list[float], dict[str, int], dict[str | None, int], str] | None]
) -> None:
    """Every day has one decision; an alarm has a reason, and a reason that is not ours is an alarm."""
    decisions = decided([day and shown(*day[:3]) for day in days], "".join(day[3] if day else "-" for day in days))
    assert [one.day for one in sorted(decisions, key=lambda one: one.day)] == [
        FIRST + dt.timedelta(index) for index, day in enumerate(days) if day
    ]
    for one in decisions:
        assert one.is_alarm == (one.reason not in {None, "request changed"})
        assert one.regime_first_day <= one.day
        assert one.previous_day is None or one.previous_day < one.day
        assert one.baseline_last_day is None or one.baseline_last_day <= one.previous_day
        assert (one.baseline_days == 0) == (one.baseline_last_day is None)
        assert one.p_value is None or 0 < one.p_value <= one.q_value <= 1
