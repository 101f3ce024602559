"""What is expected of each run's rows. SQL counts the facts that these name; the check stage has them judged."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation: the fact `breaks` counts what breaks it, and should be 0; the fact `among` what was looked at.

    `found` is a sentence with facts as fields. Where nothing was looked at it is not applicable, and `absent` says why.
    """

    name: str
    severity: Severity
    breaks: str
    among: str
    found: str
    absent: str
    needs_plan: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """One expectation judged on one run: a row of raw.expectations. `success` is None where it is not applicable."""

    run_id: str
    expectation: str
    severity: Severity
    applicable: bool
    success: bool | None
    observed: str
    unexpected_count: int | None
    judged_at: dt.datetime


NO_PLAN = "An import has no plan."
NO_SAMPLE = "The run has no sample."
NO_LIST = "No sample has a list of likeliest tokens."

# Judged on the run as one row: what was attempted is known of the run, not of each series.
RUN_EXPECTATIONS = (
    Expectation(
        "run_is_complete",
        "warning",
        breaks="shortfalls",
        among="planned",
        found="{attempted:,} of {planned:,} planned samples were attempted{because}.",
        absent=NO_PLAN,
        needs_plan=True,
    ),
    Expectation(
        "every_attempted_sample_is_there",
        "warning",
        breaks="missing",
        among="attempted",
        found="{missing:,} of {attempted:,} attempted samples are missing.",
        absent="Nothing was attempted.",
        needs_plan=True,
    ),
)

# Judged on one row a series.
SERIES_EXPECTATIONS = (
    Expectation(
        "no_sample_is_there_twice",
        "critical",
        breaks="duplicates",
        among="samples",
        found="{duplicates:,} of {samples:,} samples are there again, in the same series, day and repeat.",
        absent=NO_SAMPLE,
    ),
    Expectation(
        "every_sample_was_planned",
        "warning",
        breaks="unplanned",
        among="samples",
        found="{unplanned:,} of {samples:,} samples are not in the plan.",
        absent=NO_SAMPLE,
        needs_plan=True,
    ),
    Expectation(
        "status_and_outcome_agree",
        "critical",
        breaks="contradictions",
        among="samples",
        found="{contradictions:,} of {samples:,} samples have a status that contradicts what came back.",
        absent=NO_SAMPLE,
    ),
    Expectation(
        "served_model_is_of_the_requested_family",
        "critical",
        breaks="of_other_family",
        among="with_served_model",
        found="{of_other_family:,} of {with_served_model:,} answers come from a model of another family{other_family}.",
        absent="No answer names its model, or the endpoint's model names are its operator's own.",
    ),
    Expectation(
        "served_model_is_the_requested_one",
        "warning",
        breaks="of_other_model",
        among="with_served_model",
        found="{of_other_model:,} of {with_served_model:,} answers come from another model than asked{other_model}.",
        absent="No answer names its model, or the endpoint's model names are its operator's own.",
    ),
    Expectation(
        "logprobs_are_finite_and_not_positive",
        "warning",
        breaks="implausible_logprobs",
        among="with_logprob",
        found="{implausible_logprobs:,} of {with_logprob:,} log-probabilities are not finite, positive or a sentinel.",
        absent="No sample has a log-probability.",
    ),
    Expectation(
        "list_has_the_requested_length",
        "warning",
        breaks="of_other_length",
        among="with_list",
        found="{of_other_length:,} of {with_list:,} lists have another length than requested.",
        absent=NO_LIST,
    ),
    Expectation(
        "list_is_sorted",
        "warning",
        breaks="unsorted",
        among="with_list",
        found="{unsorted:,} of {with_list:,} lists are not sorted from likely to unlikely.",
        absent=NO_LIST,
    ),
    Expectation(
        "list_sums_to_at_most_one",
        "warning",
        breaks="overfull",
        among="with_list",
        found="{overfull:,} of {with_list:,} lists have probabilities that sum to more than 1.0001.",
        absent=NO_LIST,
    ),
    Expectation(
        "prompt_tokens_are_constant",
        "warning",
        breaks="odd_prompt_tokens",
        among="with_prompt_tokens",
        found="{odd_prompt_tokens:,} of {with_prompt_tokens:,} answers count other prompt tokens than the rest.",
        absent="No answer counts its prompt tokens.",
    ),
    Expectation(
        "response_ids_are_unique",
        "warning",
        breaks="repeated_response_ids",
        among="with_response_id",
        found="{repeated_response_ids:,} of {with_response_id:,} answers repeat a response id: something cached them.",
        absent="No answer has a response id.",
    ),
    Expectation(
        "fingerprints_look_like_fingerprints",
        "warning",
        breaks="odd_fingerprints",
        among="with_fingerprint",
        found="{odd_fingerprints:,} of {with_fingerprint:,} fingerprints do not look like one.",
        absent="No answer has a fingerprint.",
    ),
    Expectation(
        "latency_is_plausible",
        "warning",
        breaks="implausible_latencies",
        among="with_latency",
        found="{implausible_latencies:,} of {with_latency:,} answers took no time, or more than an hour.",
        absent="No answer has a latency.",
    ),
    Expectation(
        "timestamps_fall_in_the_run",
        "warning",
        breaks="outside_the_run",
        among="samples",
        found="{outside_the_run:,} of {samples:,} samples were requested before the run began or after it ended.",
        absent=NO_SAMPLE,
        needs_plan=True,
    ),
)


def is_withheld(judgements: Iterable[Judgement]) -> bool:
    """Whether the run's rows stay out of the marts: a critical expectation failed."""
    return any(judgement.severity == "critical" and judgement.success is False for judgement in judgements)
