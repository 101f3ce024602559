"""The distances of two sides as cells of a table."""

from reports import format as f
from reports.view import Column

DISTANCES = (
    Column("apart", term="wasserstein"),
    Column("step", term="ks"),
    Column("common", term="jaccard"),
    Column("divergence", term="js"),
    Column("answers", term="total_variation"),
    Column("tokens", term="lt"),
)


def in_cells(
    wasserstein_pp: float | None,
    ks: float | None,
    jaccard: float | None,
    js_bits: float | None,
    total_variation: float | None,
    lt_nat: float | None,
) -> tuple[str, ...]:
    """In the order of DISTANCES; a dash where one is not defined."""
    return (
        f.points(wasserstein_pp) if wasserstein_pp is not None else f.NONE,
        f.share(ks) if ks is not None else f.NONE,
        f.share(jaccard, 0) if jaccard is not None else f.NONE,
        f"{f.significant(js_bits, 2)} bit" if js_bits is not None else f.NONE,
        f.share(total_variation) if total_variation is not None else f.NONE,
        f"{f.significant(lt_nat, 2)} nat" if lt_nat is not None else f.NONE,
    )
