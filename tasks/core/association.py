"""Do fingerprints explain the clusters of values? Their tables of counts, with fingerprints shuffled within a day."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

PERMUTATIONS = 999


def shared_information(table: NDArray[np.float64]) -> float:
    """n times the mutual information of clusters and fingerprints, in nat, of a table (clusters, fingerprints) of counts.

    Half the statistic of the G-test. Of several days it adds up to that of their stratified test.
    """
    return float(xlogy(table, table).sum() - _of_margins(table))


def shuffled(table: NDArray[np.float64], seed: str, permutations: int = PERMUTATIONS) -> NDArray[np.float64]:
    """`shared_information` of so many tables with the same margins, drawn as shuffling the fingerprints would.

    The same seed gives the same draws. Shape (permutations,).
    """
    rng = np.random.default_rng(list(seed.encode()))
    counts = np.arange(table.sum() + 1)
    drawn = _random_tables(table.astype(np.int64), permutations, rng)
    # Looked up, as there are far more cells than counts; what shuffling leaves alone is summed once.
    return np.asarray(xlogy(counts, counts)[drawn].sum(axis=(0, 1)) - _of_margins(table))


def _of_margins(table: NDArray[np.float64]) -> float:
    margins = (table.sum(axis=0), table.sum(axis=1))
    return float(sum(xlogy(margin, margin).sum() for margin in margins) - xlogy(table.sum(), table.sum()))


def _random_tables(table: NDArray[np.int64], size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Tables of the same margins, shape (rows, columns, size): cell by cell, each hypergeometric given those before it.

    As scipy.stats.random_table draws them, which takes half a second to import.
    """
    drawn = np.empty((*table.shape, size), dtype=np.int64)
    left = np.repeat(table.sum(axis=0)[:, None], size, axis=1)
    for row, total in zip(drawn[:-1], table.sum(axis=1), strict=False):
        to_place, beyond = np.full(size, total), left.sum(axis=0)
        for cell, of_column in zip(row[:-1], left, strict=False):
            beyond -= of_column
            cell[:] = rng.hypergeometric(of_column, beyond, to_place)
            to_place -= cell
        row[-1] = to_place
        left -= row
    drawn[-1] = left
    return drawn
