"""Hour of the day and day of the week."""

import datetime as dt

import numpy as np
import pytest

from tasks.core.effects import PERMUTATIONS, Cells, Effect, effects

EPOCH = dt.date(1970, 1, 1)
MONDAY = (dt.date(2026, 3, 2) - EPOCH).days


def cells(days: int, hours: int, mean: object, n: int = 10) -> Cells:
    """Cells of so many days from a Monday, and hours of each; `mean` of (day, hour) in percent."""
    pairs = [(day, hour) for day in range(days) for hour in range(hours)]
    means = [mean(day, hour) for day, hour in pairs]  # type: ignore[operator]
    day, hour = (np.array(column) for column in zip(*pairs, strict=True))
    return Cells(MONDAY + day, hour, np.full(len(pairs), float(n)), np.array(means))


def hour_and_weekday(of: Cells) -> tuple[Effect, Effect]:
    """Both effects."""
    hour, weekday = effects(of, "seed")
    assert (hour.name, weekday.name) == ("hour", "weekday")
    return hour, weekday


def test_an_hour_that_moves_the_probability_is_seen() -> None:
    """All of the variance within days, whatever the days are."""
    hour, _ = hour_and_weekday(cells(10, 6, lambda day, hour: 90 + day + 0.1 * (hour == 3)))
    assert hour.explained_share == pytest.approx(1)
    assert (hour.p_value, hour.permutations) == (1 / (1 + PERMUTATIONS), PERMUTATIONS)
    assert (hour.groups, hour.days) == (6, 10)


def test_a_weekday_that_moves_the_probability_is_seen() -> None:
    """Sundays, over five weeks that differ."""
    _, weekday = hour_and_weekday(cells(35, 1, lambda day, _: 90 + day // 7 + 0.1 * (day % 7 == 6)))
    assert weekday.explained_share == pytest.approx(1)
    assert weekday.p_value == 1 / (1 + PERMUTATIONS)
    assert (weekday.groups, weekday.days) == (7, 35)


def test_chance_is_no_effect() -> None:
    """p-values of either are rarely small; the same seed gives the same result."""
    p_values = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        of = cells(35, 5, lambda *_, rng=rng: rng.normal(90, 1))
        p_values += [effect.p_value for effect in hour_and_weekday(of)]
        assert effects(of, "a") == effects(of, "a")
    assert np.mean(np.array(p_values) <= 0.1) < 0.25
    assert np.mean(np.array(p_values) <= 0.5) > 0.25


def test_the_explained_share_by_hand() -> None:
    """Two hours' means are 1 and -1 around their day's, with 1/2 of scatter within them: 1 of 1.25 is theirs."""
    of = cells(8, 4, lambda day, hour: (1 if hour % 2 else -1) + (0.5 if (day + hour // 2) % 2 else -0.5))
    assert hour_and_weekday(of)[0].explained_share == pytest.approx(1 / 1.25)


def test_a_variation_of_thousandths_is_one() -> None:
    """Two values that differ by 0.002 percentage points, as a real server gave: small is not nothing."""
    hour, _ = hour_and_weekday(cells(8, 4, lambda _, hour: 20.557 + 0.002 * (hour == 1)))
    assert hour.explained_share == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("days", [1, 6])
def test_too_few_days_say_nothing(days: int) -> None:
    """Seven with four hours each are needed, and four weeks with four days."""
    assert hour_and_weekday(cells(days, 6, lambda *_: 90.0)) == (Effect("hour", 6, days), Effect("weekday", days, days))
    hour, _ = hour_and_weekday(cells(20, 3, lambda day, hour: day + hour))
    assert hour == Effect("hour", 3, 20)


def test_where_nothing_varies_nothing_is_explained() -> None:
    """Null, not 0 or 1; nor where a sum's rounding is all that there is."""
    hour, weekday = hour_and_weekday(cells(35, 6, lambda day, hour: 90.1 * (1 + 1e-15 * (day * hour % 3))))
    assert (hour.explained_share, hour.p_value, weekday.explained_share, weekday.p_value) == (None,) * 4
    assert (hour.groups, hour.days, weekday.groups) == (6, 35, 7)
