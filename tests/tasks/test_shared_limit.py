"""Limits that workers share: what holds where there is no server, or one that does not answer."""

from collections.abc import Iterator

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from tasks.core.endpoints import Endpoint
from tasks.limits import Brake, Pace
from tasks.shared_limit import SharedLimit, alone, declared_limits, has_shared_server

ENDPOINT = Endpoint(name="here", base_url="http://127.0.0.1:9/v1", requests_per_minute=600, tokens_per_minute=90)


@pytest.fixture
def dead_server() -> Iterator[None]:
    """A server is set, and nobody answers there."""
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        yield


def test_a_limit_has_the_slots_of_a_second() -> None:
    """At least one; and they decay at the declared rate."""
    limits = declared_limits(ENDPOINT)
    assert {what: (one.name, one.slots, one.decay_per_second) for what, one in limits.items()} == {
        "requests": ("flipbook-here-requests", 10, 10),
        "tokens": ("flipbook-here-tokens", 1, 1.5),
    }
    assert declared_limits(Endpoint(name="free", base_url="http://127.0.0.1:9/v1")) == {}


@pytest.mark.usefixtures("dead_server")
def test_a_server_of_ones_own_shares_nothing() -> None:
    """Nobody else could know of the limit."""
    assert has_shared_server()
    with alone():
        assert not has_shared_server()


@pytest.mark.usefixtures("dead_server")
async def test_a_server_that_does_not_answer_holds_up_no_call() -> None:
    """It is left alone for a while, in which each process keeps its own pace."""
    limit = SharedLimit("flipbook-here-requests", 600)
    assert not limit.is_away
    await limit.take(1)
    assert limit.is_away
    pace = Pace(ENDPOINT)
    for _ in range(12):
        await pace.keep(0, Brake())
