"""The drawings: small, still, named, and ready for dark mode."""

import datetime as dt
import re

import pytest

from reports.axis import day_axis, log_odds, odds_axis
from reports.charts import headroom
from reports.charts_of_values import values_over_days
from reports.looks import model_looks
from reports.over_days import Change, Disc, OverDays, Panel, gaps_between
from reports.periods import Period
from tasks.core.plan import SeriesKey

KEY = SeriesKey("s", "e", "m", "a", "p")
DAYS = [Period(dt.date(2026, 10, n), dt.date(2026, 10, n)) for n in (1, 2, 5)]


@pytest.fixture(scope="module")
def svg() -> str:
    """A panel of three days, two of them apart, with a change on the last."""
    discs = [Disc(KEY, day, 96.0, 96.0, 5, 0.5) for day in DAYS] + [Disc(KEY, day, 97.0, 97.1, 5, 0.5) for day in DAYS]
    panel = Panel(
        KEY, discs, gaps_between(DAYS, DAYS[0].first, DAYS[-1].last), [Change(DAYS[-1].first, "new fingerprint")]
    )
    figure = OverDays([panel], DAYS[0].first, DAYS[-1].last, "", 0, 0)
    return values_over_days(figure, {KEY: "<m> & co"}, model_looks(["m"]), 'what "it" shows')


def test_a_drawing_takes_its_colours_from_the_page(svg: str) -> None:
    """Ink and series are the page's, so that dark mode and print are, too."""
    assert "currentColor" in svg
    assert "var(--series-0)" in svg
    assert not re.search(r'(?:fill|stroke)="(?:#|rgb|black|white)', svg)


def test_a_drawing_has_one_name_and_its_text_is_escaped(svg: str) -> None:
    """One role and title for the whole, none for its marks."""
    assert svg.startswith('<svg role="img" aria-labelledby="values-over-days-alt"')
    assert svg.count("aria-") == 1
    assert '<title id="values-over-days-alt">what &quot;it&quot; shows</title>' in svg
    assert "&lt;m&gt; &amp; co" in svg


def test_a_drawing_is_small(svg: str) -> None:
    """No size of its own, coordinates to a tenth of a pixel, and paint said once a group."""
    assert not re.search(r"<svg[^>]*\swidth=", svg)
    assert not re.search(r'(?:transform|d)="[^"]*\d\.\d\d', svg)
    assert svg.count('fill-opacity="0.55"') == 1


def test_a_change_is_marked_with_a_word_and_a_gap_is_shown(svg: str) -> None:
    """Never by colour alone; days without data are visibly empty."""
    assert "new fingerprint" in svg
    assert 'fill-opacity="0.07"' in svg
    between = Period(dt.date(2026, 10, 3), dt.date(2026, 10, 4))
    assert gaps_between(DAYS, DAYS[0].first, DAYS[-1].last) == [between]


def test_days_before_a_series_and_after_it_are_empty_too() -> None:
    """A series that appears or ends in the middle is seen to."""
    first, last = (Period(dt.date(2026, 10, day), dt.date(2026, 10, day)) for day in (1, 6))
    assert gaps_between(DAYS[1:], first.first, last.last) == [
        first,
        Period(dt.date(2026, 10, 3), dt.date(2026, 10, 4)),
        last,
    ]


def test_words_of_changes_do_not_stand_on_each_other() -> None:
    """Two days apart, the second one is higher; with room between them, they are level."""
    days = day_axis(dt.date(2026, 10, 1), dt.date(2026, 10, 30))
    changes = [Change(dt.date(2026, 10, day), "other values") for day in (5, 7, 20, 29, 30)]
    assert [headroom(changes[:number], days, 6) for number in (0, 1, 2)] == [6, 16, 27]
    assert headroom([changes[0], changes[2]], days, 6) == 16
    # Near the end they stand to the left of their lines.
    assert headroom(changes[2:4], days, 6) == 16
    assert headroom(changes[3:], days, 6) == 27


@pytest.mark.parametrize(
    ("low", "high"), [(85.19, 98.9), (20.5269, 20.5981), (80.0, 80.0), (0.0, 100.0), (99.99, 99.9999)]
)
def test_a_probability_axis_holds_its_data_and_has_ticks_to_read_it_by(low: float, high: float) -> None:
    """At least two labels, in percent, in order and inside."""
    axis = odds_axis(low, high)
    assert axis.low < log_odds(low) <= log_odds(high) < axis.high
    assert len(axis.ticks) >= 2
    assert axis.ticks == sorted(axis.ticks)
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks)
    assert len(set(axis.labels)) == len(axis.labels)


@pytest.mark.parametrize("span", [0, 1, 13, 89, 364, 3000])
def test_a_day_axis_has_few_labels(span: int) -> None:
    """From one to seven, the first day among them."""
    first = dt.date(2026, 1, 1)
    axis = day_axis(first, first + dt.timedelta(days=span))
    assert 1 <= len(axis.labels) <= 7
    assert axis.labels[0] == "2026-01-01"
