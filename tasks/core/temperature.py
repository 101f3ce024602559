"""What a distribution over tokens implies for answers that are sampled at other temperatures."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def implied_shares(logprobs: Sequence[float], temperature: float) -> NDArray[np.float64]:
    """Each listed token's share when sampled at `temperature`: p^(1/T), renormalised over the list.

    `logprobs` are those of one list at temperature 1, in nats. Logits divided by T give p^(1/T) up to a constant; the mass
    of tokens beyond the list is ignored. At temperature 0 the top token takes all, the first of equals. Raises
    ValueError without a token, for a negative temperature, or for a log-probability that is not finite.
    """
    listed = np.asarray(logprobs, dtype=float)
    if not listed.size or not np.isfinite(listed).all():
        raise ValueError("implied shares need a list of finite log-probabilities")
    if temperature < 0:
        raise ValueError(f"a temperature is not negative, as {temperature} is")
    if temperature == 0:
        return np.asarray(np.arange(listed.size) == listed.argmax(), dtype=float)
    weights = np.exp((listed - listed.max()) / temperature)
    return np.asarray(weights / weights.sum())
