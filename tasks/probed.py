"""What `doctor --ask` says of the models that it asked."""

import datetime as dt
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from tasks.core import probes
from tasks.core.endpoints import Endpoint
from tasks.core.findings import Finding
from tasks.core.prices import cost_usd, price_of
from tasks.core.probes import Ability
from tasks.provider import Answer

CALLS = 6
PROMPT_TOKENS = 25
# Dates of headers are whole seconds, and answers take some.
CLOCK_S = 5.0


@dataclass(frozen=True)
class Asked:
    """One model to ask, and the embedding models of the studies that ask it."""

    endpoint: Endpoint
    model: str
    embedding_models: tuple[str, ...]

    @property
    def calls(self) -> int:
        """How many calls that takes, at most."""
        return CALLS + len(self.embedding_models)

    @property
    def usd(self) -> float | None:
        """Dollars at most; None without a price."""
        limits = 3 * probes.OLD_LIMIT + 3 * probes.ROOM
        return cost_usd(price_of(self.endpoint, self.model), CALLS * PROMPT_TOKENS, limits)


def why_not(answer: Answer) -> str:
    """Why a model was not asked any further."""
    if answer.status == 0:
        return f"not reachable. {answer.error}"
    if answer.status == 401:
        return f"the key is not accepted. {answer.error}"
    return f"not answered. {answer.error}"


def of_endpoint(endpoint: Endpoint, answers: Sequence[Answer]) -> list[Finding]:
    """That an endpoint answers, how fast, and by which clock; nothing where its answers say nothing of that."""
    whole = [answer for answer in answers if answer.status]
    if not whole or all(answer.status == 401 for answer in whole):
        return []
    latency_s = statistics.median(answer.latency_s for answer in whole)
    key = ", the key is accepted" if endpoint.key_env else ""
    found = [Finding(f"{endpoint.name}", f"reachable{key}, answers in {latency_s:.2f} s (median)", is_ok=True)]
    if skews := [skew for answer in whole if (skew := _skew_s(answer)) is not None]:
        skew_s = statistics.median(skews)
        side = "behind" if skew_s > 0 else "ahead of"
        same = f"this machine's clock is {abs(skew_s):.0f} s {side} the server's"
        agrees = abs(skew_s) <= CLOCK_S
        said = "this machine's clock and the server's agree" if agrees else same
        found.append(Finding(f"{endpoint.name}: clock", said, is_ok=agrees, is_needed=False))
    return found


def _skew_s(answer: Answer) -> float | None:
    """Seconds by which the server's clock is ahead, from its Date header."""
    try:
        date = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    ended = answer.requested_at + dt.timedelta(seconds=answer.latency_s)
    return (date.replace(tzinfo=date.tzinfo or dt.UTC) - ended).total_seconds() + 0.5


def of_model(asked: Asked, abilities: Sequence[Ability]) -> list[Finding]:
    """What a model can do, beside what is declared of it."""
    name = f"{asked.endpoint.name}/{asked.model}"
    declared, lacking = asked.endpoint.lacking(asked.model), probes.lacking(list(abilities))
    found = [
        Finding(
            f"{name}: {one.name}",
            one.found,
            is_ok=not one.is_odd
            and (one.has is not False or one.name in declared or one.name == "max_completion_tokens"),
            is_needed=False,
        )
        for one in abilities
    ]
    if lacking - declared:
        words = ", ".join(f'"{word}"' for word in sorted(lacking | declared))
        entry = f'under [{asked.endpoint.name}.models]: "{asked.model}" = {{ lacks = [{words}] }}'
        found.append(Finding(f"{name}: to declare", entry, is_ok=False, is_needed=False))
    has = {one.name for one in abilities if one.has}
    if known := sorted(declared & has):
        said = f"declared to lack {' and '.join(known)}, and it accepts that"
        found.append(Finding(f"{name}: declared", said, is_ok=False, is_needed=False))
    return found
