"""Do fingerprints explain the clusters of values? Their tables of counts, with fingerprints shuffled within a day."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

PERMUTATIONS = 999


def shared_information(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """n times the mutual information of clusters and fingerprints, in nat, of tables of shape (..., clusters, fingerprints).

    Half the statistic of the G-test. Of several days it adds up to that of their stratified test.
    """
    n = tables.sum(axis=(-2, -1))
    margins = sum(xlogy(tables.sum(axis=axis), tables.sum(axis=axis)).sum(axis=-1) for axis in (-2, -1))
    return np.asarray(xlogy(tables, tables).sum(axis=(-2, -1)) - margins + xlogy(n, n))


def shuffled(table: NDArray[np.float64], seed: str, permutations: int = PERMUTATIONS) -> NDArray[np.float64]:
    """`shared_information` of so many tables with the same margins, drawn as shuffling the fingerprints would.

    The same seed gives the same draws. Shape (permutations,).
    """
    # Half a second to import, which a day without fingerprints need not take.
    from scipy.stats import random_table

    rng = np.random.default_rng(list(seed.encode()))
    rows, columns = table.sum(axis=1).astype(int), table.sum(axis=0).astype(int)
    return shared_information(random_table.rvs(rows, columns, size=permutations, random_state=rng).astype(float))
