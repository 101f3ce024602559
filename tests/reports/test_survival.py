"""For how long calls agree: curves by hand, pooled over prompts, and small whatever they hold."""

import pytest

from reports.charts_of_texts import survival
from reports.looks import model_looks
from reports.rows_of_texts import DistanceRow, DivergenceRow
from reports.survival import MOST_STEPS, curve_labels, curves, distance_figure, survival_figure

PLACE = {"study": "s", "endpoint": "e", "model": "m", "arm": "a"}


def leaving(prompt: str, *positions: tuple[int | None, int], unit: str = "token") -> list[DivergenceRow]:
    """Calls by how much of the most frequent completion they share."""
    return [
        DivergenceRow.model_validate({**PLACE, "prompt": prompt, "unit": unit, "position": at, "n": n})
        for at, n in positions
    ]


def test_a_curve_is_the_share_of_calls_that_have_not_left() -> None:
    """Ten calls: five stay, two leave after the third token, three after the eighth."""
    (curve,) = curves(leaving("p", (None, 5), (3, 2), (8, 3)))
    assert [curve.agreeing(at) for at in (0, 3, 4, 8, 9, 100)] == [1.0, 1.0, 0.8, 0.8, 0.5, 0.5]
    assert curve.steps() == [(0, 1.0), (4, 0.8), (9, 0.5)]


def test_a_long_curve_is_drawn_with_few_steps() -> None:
    """A thousand places to leave at."""
    (curve,) = curves(leaving("p", (None, 1), *((at, 1) for at in range(1000))))
    assert len(curve.steps()) <= MOST_STEPS + 1


def test_many_prompts_are_one_curve_an_arm() -> None:
    """Five hundred questions are not five hundred panels."""
    every = curves([row for i in range(500) for row in leaving(f"q{i}", (None, 9), (i % 20, 1))])
    assert [curve.calls for curve in every] == [5000]
    assert list(curve_labels(every, {}).values()) == ["m"]


def test_two_units_share_no_axis() -> None:
    """The one that more calls have is shown."""
    rows = leaving("p", (None, 9), (3, 1)) + leaving("q", (None, 1), (9, 1), unit="character")
    assert {curve.unit for curve in curves(rows)} == {"token"}


def test_the_figure_has_its_numbers_and_there_is_none_where_nobody_leaves() -> None:
    """Shares at round places, and the positions in words."""
    every = curves(leaving("p", (None, 5), (3, 2), (8, 3)))
    figure = survival_figure(every, {every[0].key: "m"}, "study_divergence")
    assert figure is not None
    assert figure.table.rows == [("m", "10", "100%", "80.0%", "50.0%", "8 tokens", "3 tokens")]
    assert survival_figure(curves(leaving("p", (None, 5))), {}, "study_divergence") is None


def test_the_drawing_names_its_panels_and_draws_only_those_that_fall() -> None:
    """A series whose calls all agree is in the table alone; names are escaped."""
    every = curves(leaving("p", (None, 5), (3, 2)) + leaving("q", (None, 5)))
    labels = {curve.key: f"<{curve.key.prompt}>" for curve in every}
    svg = survival(every, labels, model_looks(["m"]), "what it shows")
    assert '<title id="survival-alt">what it shows</title>' in svg
    assert "&lt;p&gt;" in svg
    assert "&lt;q&gt;" not in svg


def distance(prompt: str, pairs: float | None) -> DistanceRow:
    """A series' edit distance."""
    none = dict.fromkeys(("distance_first", "distance_pairs", "edit_first", "embedding_model", "embedding_error"))
    return DistanceRow.model_validate({**PLACE, **none, "prompt": prompt, "edit_pairs": pairs})


@pytest.mark.parametrize("pairs", [None, 0.0])
def test_distances_that_were_not_measured_or_are_none_have_no_figure(pairs: float | None) -> None:
    """Nothing to compare."""
    assert distance_figure([distance("p", pairs)], {}, "study_distances") is None


def test_columns_that_nothing_was_measured_for_are_left_out() -> None:
    """Without embeddings there are edits alone."""
    row = distance("p", 0.25)
    figure = distance_figure([row], {row.key: "m"}, "study_distances")
    assert figure is not None
    assert figure.table.rows == [("m", "0.25")]
