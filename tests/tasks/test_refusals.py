"""What a provider will not answer, told from what it said."""

import datetime as dt

import pytest

from tasks.core.plan import SeriesKey
from tasks.provider import Answer
from tasks.refusals import ENOUGH, RefusedSeries, ends_target

NO_LOGPROBS = 'HTTP 403: {"error": {"message": "You are not allowed to request logprobs from this model"}}'
NO_LIMIT = 'HTTP 400: {"error": {"message": "Use \\"max_completion_tokens\\" instead.", "type": "invalid_request'
KEYS = [SeriesKey("s", "e", "m", arm, prompt) for arm in ("a", "b") for prompt in ("p", "q")]


def answered(status: int, error: str | None) -> Answer:
    """How one call ended."""
    now = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    return Answer(status, None, {}, error, attempts=1, latency_s=0.1, requested_at=now)


@pytest.mark.parametrize(
    ("status", "error", "ends"),
    [
        (401, "HTTP 401: {}", True),
        (403, "HTTP 403: {}", True),
        (403, NO_LOGPROBS, False),
        (404, "HTTP 404: {}", True),
        (400, NO_LIMIT, False),
        (422, "HTTP 422: {}", False),
        (429, "HTTP 429: insufficient_quota", True),
        (429, "HTTP 429: {}", False),
    ],
)
def test_what_ends_a_target_is_told_from_what_refuses_a_request(status: int, error: str, ends: bool) -> None:
    """OpenAI says 403 to log-probabilities; every other 403 is the key's."""
    assert ends_target(answered(status, error)) is ends


def test_a_series_is_given_up_after_some_refusals_in_the_same_words() -> None:
    """No earlier, and no other series with it. The words are found in an error that was cut off, too."""
    refused = RefusedSeries(KEYS)
    for times in range(ENOUGH):
        assert not refused.has(KEYS[0]), times
        refused.note(KEYS[0], 400, NO_LIMIT)
    assert [refused.has(key) for key in KEYS] == [True, False, False, False]
    assert refused.sentence("e/m") == (
        'e/m, arm a, prompt p: not observable, refused with HTTP 400: Use "max_completion_tokens" instead.'
    )


def test_an_arm_that_is_refused_for_every_prompt_is_said_once() -> None:
    """And one for each other reason."""
    refused = RefusedSeries(KEYS)
    for key in KEYS[:3]:
        for _ in range(ENOUGH):
            refused.note(key, 403, NO_LOGPROBS)
    assert refused.sentence("e/m") == (
        "e/m, arm a: not observable, refused with HTTP 403: You are not allowed to request logprobs from this model. "
        "e/m, arm b, prompt p: not observable, refused with HTTP 403: "
        "You are not allowed to request logprobs from this model."
    )


@pytest.mark.parametrize("other", [(200, None), (500, "HTTP 500: {}"), (400, "HTTP 400: other words")])
def test_a_series_with_any_other_answer_goes_on(other: tuple[int, str | None]) -> None:
    """It may be observable, or fail for more than one reason."""
    refused = RefusedSeries(KEYS)
    refused.note(KEYS[0], *other)
    for _ in range(2 * ENOUGH):
        refused.note(KEYS[0], 400, NO_LIMIT)
    assert not refused.has(KEYS[0])
    assert refused.sentence("e/m") is None


@pytest.mark.parametrize(
    "error", [None, "", "HTTP 400: ", 'HTTP 400: {"message": "cut', 'HTTP 400: {"message": "\\x"}']
)
def test_an_error_without_a_message_is_quoted_whole(error: str | None) -> None:
    """Whatever it is."""
    refused = RefusedSeries(KEYS)
    for _ in range(ENOUGH):
        refused.note(KEYS[0], 400, error)
    said = refused.sentence("e/m") or pytest.fail("not given up")
    assert said.startswith("e/m, arm a, prompt p: not observable, refused with HTTP 400: ")
