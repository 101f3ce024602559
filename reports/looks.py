"""The same colour and shape for the same model on every page: by the order in which the warehouse met the models."""

from collections.abc import Sequence
from typing import NamedTuple

# Okabe and Ito's palette without vermillion, which means "changed", and yellow, which white swallows, and a grey.
COLORS = 6
# Ten that stay ten without colours. As paths where Vega has no name for them; a diamond means "changed".
SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "cross",
    "triangle-down",
    "M-1,-1L1,-1L-1,1L1,1Z",
    "triangle-right",
    "M0,-1.2L.35,-.35L1.2,0L.35,.35L0,1.2L-.35,.35L-1.2,0L-.35,-.35Z",
    "triangle-left",
    "M-1,-1L-1,1L1,-1L1,1Z",
)


class Look(NamedTuple):
    """How marks of a model are drawn: a CSS variable, a shape as Vega has it, and the CSS class of the same shape."""

    color: str
    shape: str
    key: str


def model_looks(models: Sequence[str]) -> dict[str, Look]:
    """A look by model. Past ten models a shape comes again, past thirty a look; labels always tell them apart."""
    return {
        model: Look(f"var(--series-{i % COLORS})", SHAPES[i % len(SHAPES)], f"s{i % len(SHAPES)}")
        for i, model in enumerate(models)
    }
