"""Models are told apart by more than colour, and the key of the index is what figures draw."""

import re
from pathlib import Path

from reports.looks import SHAPES, model_looks

STYLE = Path(__file__).parents[2] / "reports" / "templates" / "style.css"


def test_ten_models_have_ten_shapes_and_thirty_have_thirty_looks() -> None:
    """In grey ten can be told apart; a diamond stays for what changed."""
    looks = list(model_looks([f"m{number}" for number in range(30)]).values())
    assert len({look.shape for look in looks[:10]}) == 10
    assert len({(look.color, look.shape) for look in looks}) == 30
    assert "diamond" not in SHAPES


def test_a_model_keeps_its_look_when_others_come() -> None:
    """By the order in which the warehouse met the models."""
    assert model_looks(["a", "b"])["b"] == model_looks(["a", "b", "c"])["b"]


def test_every_shape_but_the_square_has_its_style() -> None:
    """A key is a square of its colour until it is cut into another shape."""
    styled = set(re.findall(r"^\.(s\d) \{", STYLE.read_text(encoding="utf-8"), re.MULTILINE))
    keys = {look.key for look in model_looks(list(map(str, range(len(SHAPES))))).values()}
    assert keys - styled == {model_looks(["a", "b"])["b"].key}
