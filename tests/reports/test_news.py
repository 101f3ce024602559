"""What changed lately, from alarms made by hand: one change is one sentence, with 3 series and with 300."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from reports.news import last_change, last_changes, news_words
from reports.queries import IndexRows
from reports.rows import SeriesRow
from reports.rows_of_change import AlarmRow, SeriesOfDayRow
from tasks.core.plan import SeriesKey

DAY = dt.date(2026, 10, 11)
NOTHING = {"min_pct": None, "max_pct": None, "range_pp": None, "modal_pct": None, "modal_share": None, "request": None}
MORE = {"effective_values": None, "gini_simpson": None, "chao1": None, "unseen_mass": None, "coverage": None}


def place(number: int) -> dict[str, str]:
    """A series of a study."""
    return {"study": "coin", "endpoint": "e", "model": f"m{number}", "arm": "a", "prompt": "p"}


def series(number: int) -> SeriesRow:
    """A series of fourteen days."""
    counts = {"samples": 9, "observed": 9, "failures": 0, "unobserved": 0, "distinct_values": 1, "days": 14}
    days = {"first_day": dt.date(2026, 10, 1), "last_day": dt.date(2026, 10, 14)}
    rest = {"follow": None, "token": None, "is_simulated": False, "served_models": [], "clusters": {}}
    return SeriesRow.model_validate({**place(number), **counts, **days, **rest, **NOTHING, **MORE})


def alarm(number: int, reason: str = "distribution", **more: Any) -> AlarmRow:
    """A change of a series on one day."""
    usual = {"day": DAY, "is_alarm": True, "q_value": 0.0001, "baseline_wasserstein_pp": 0.1 * number}
    return AlarmRow.model_validate(
        {**place(number), **usual, "reason": reason, "is_news": True, "is_last": True, **more}
    )


def index(many: int, alarms: Sequence[AlarmRow]) -> IndexRows:
    """An index of so many series of one study."""
    of_days = [SeriesOfDayRow(study="coin", day=DAY, series=many)]
    return IndexRows(
        studies=[],
        series=[series(number) for number in range(1, many + 1)],
        days=[],
        alarms=list(alarms),
        series_of_days=of_days,
        texts=[],
        text_days=[],
        models=[],
    )


def test_a_change_of_every_series_is_one_sentence() -> None:
    """With the farthest shift."""
    words = news_words(index(3, [alarm(1), alarm(2), alarm(3)]))
    assert words == ["2026-10-11: coin, all 3 series changed (distribution), by up to 0.3 pp."]


def test_each_reason_stands_with_the_series_that_it_is_the_reason_of() -> None:
    """Never one model's fingerprint beside another's shift."""
    words = news_words(index(3, [alarm(1), alarm(2, "values, fingerprint born: fp_b"), alarm(3)]))
    assert words == [
        "2026-10-11: coin, m1 and m3 changed (distribution), by up to 0.3 pp; "
        "m2 changed (values, fingerprint born: fp_b), by 0.2 pp."
    ]


def test_many_reasons_are_cut_and_counted() -> None:
    """The page of the study has them all."""
    (words,) = news_words(index(9, [alarm(number, f"fingerprint born: fp_{number}") for number in range(1, 10)]))
    assert words.count(";") == 6
    assert words.endswith("and 3 more kinds of change, on the study's page.")


def test_a_change_of_some_series_names_them_where_they_are_few() -> None:
    """And counts them where they are many, with 300 series as with 3."""
    assert news_words(index(3, [alarm(2)])) == ["2026-10-11: coin, m2 changed (distribution), by 0.2 pp."]
    (words,) = news_words(index(300, [alarm(number) for number in range(1, 41)]))
    assert words.startswith("2026-10-11: coin, 40 of 300 series changed (distribution), by up to")


def test_a_fingerprint_is_no_shift() -> None:
    """Its change has no distance to tell."""
    words = news_words(index(2, [alarm(1, "fingerprint born: fp_b")]))
    assert words == ["2026-10-11: coin, m1 changed (fingerprint born: fp_b)."]


def test_a_quiet_week_says_so_once() -> None:
    """What lies further back is no news, and so is what we changed ourselves."""
    old = alarm(1, is_news=False)
    assert news_words(index(3, [old])) == ["Nothing changed in the seven days to 2026-10-14."]
    assert news_words(index(0, [])) == []


def test_the_last_change_stands_with_its_reason() -> None:
    """Ours too; a series of one day has none to tell."""
    changes = last_changes([alarm(1, "request changed", is_alarm=False, is_news=False)])
    key, other = SeriesKey(**place(1)), SeriesKey(**place(2))
    assert last_change(key, 14, changes) == "2026-10-11: request changed"
    assert last_change(other, 14, changes) == "none seen"
    assert last_change(other, 1, changes) == "\N{EN DASH}"
