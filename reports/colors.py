"""The same colour for the same model on every page: by the order in which the warehouse met the models."""

from collections.abc import Sequence

# Okabe and Ito's palette without vermillion, which means "changed", and yellow, which white swallows, and a grey.
SERIES_COLORS = 6


def model_colors(models: Sequence[str]) -> dict[str, str]:
    """A CSS variable by model. Past six models a colour comes again; labels always tell them apart."""
    return {model: f"var(--series-{i % SERIES_COLORS})" for i, model in enumerate(models)}
