"""The logit grid of a day against that of the days before: a change of it is a change of numerical format."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import bdtrc

# A list may leave its grid by chance of rounding so seldom, as no more than so many gaps in a thousand may.
OFF_GRID = 0.001


@dataclass(frozen=True, slots=True)
class GridFit:
    """A day's distinct lists and their gaps to the top token: how many lie (lists: wholly) on the grid of 2^-k, k = 0, 1 …"""

    lists: int
    gaps: int
    gaps_on_grid: tuple[int, ...]
    lists_on_grid: tuple[int, ...]

    def on(self, step_nat: float) -> int:
        """Lists wholly on the grid of this step, which is one of 2^-k."""
        return self.lists_on_grid[round(-math.log2(step_nat))]


def grid_step_nat(fits: Sequence[GridFit]) -> float | None:
    """The largest step 2^-k whose grid has at least 99.9% of all gaps; None where there is none, or no gap."""
    gaps = sum(fit.gaps for fit in fits)
    on_grid = [sum(column) for column in zip(*(fit.gaps_on_grid for fit in fits), strict=True)]
    return next((2.0**-k for k, n in enumerate(on_grid) if gaps and n >= (1 - OFF_GRID) * gaps), None)


def chance_of_grid(day: GridFit, baseline: Sequence[GridFit]) -> float | None:
    """How likely a day's lists lie as they do on its grid and the baseline's, if they are like the baseline's lists.

    Off the baseline's grid: so many or more of the day's lists (binomial, by the baseline's share of such lists). On a
    coarser one: all the day's lists, by the baseline's share on it. None where the baseline has no grid, or the day no
    lists. Shares are of n + 2 lists with one of either kind added, so that none is 0 or 1.
    """
    lists, step, step_of_day = sum(fit.lists for fit in baseline), grid_step_nat(baseline), grid_step_nat([day])
    if not day.lists or step is None:
        return None
    off = day.lists - day.on(step)
    on_baselines = sum(fit.on(step) for fit in baseline)
    share_off = max(OFF_GRID, (lists - on_baselines + 1) / (lists + 2))
    chances = [float(bdtrc(off - 1, day.lists, share_off)) if off else 1.0]
    if step_of_day is not None and step_of_day > step:
        share_on = (sum(fit.on(step_of_day) for fit in baseline) + 1) / (lists + 2)
        chances.append(share_on**day.lists)
    return min(chances)
