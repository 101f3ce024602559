-- what: What a run's rows are, counted: one row a series, planned or sampled.
-- grain: study, endpoint, model, arm, prompt
-- reads: $run_id, and the temporary table planned_series
-- Not materialized: a million samples of which each step needs a few columns.
with samples as not materialized (
    select * from stg.samples
    where run_id = $run_id
),

distributions as (
    select * from stg.distributions
),

calls as (
    select * from raw.calls
    where run_id = $run_id
),

run as (
    select
        arg_max(started_at, landed_at) as started_at,
        arg_max(ended_at, landed_at) as ended_at
    from raw.runs
    where run_id = $run_id
),

plan as (
    select count(*) > 0 as is_there
    from planned_series
),

counts as (
    select
        samples.study,
        samples.endpoint,
        samples.model,
        samples.arm,
        samples.prompt,
        count(*) as samples,
        -- A hash, since a million long ids would not stay small; equal only by a chance of 1 in 10 million. Without a plan nobody
        -- promised that a repeat is there once: then only the sample itself can be there twice.
        count(*)
        - count(distinct if(plan.is_there, hash(samples.day, samples.repeat), hash(samples.sample_id))) as duplicates,
        count(*) filter (where planned_series.planned is null or samples.repeat >= planned_series.planned) as unplanned,
        count(distinct hash(samples.repeat)) filter (where samples.repeat < planned_series.planned) as planned_present,
        count(*) filter (where samples.outcome = 'failed' and samples.finish_reason is not null) as answered_failures,
        count(samples.logprob) as with_value,
        count(*) filter (where samples.outcome = 'sentinel') as implausible_logprobs,
        count(samples.response_id) as with_response_id,
        count(samples.response_id)
        - count(distinct hash(samples.response_id)) filter (where samples.response_id is not null)
            as repeated_response_ids,
        count(samples.system_fingerprint) as with_fingerprint,
        -- fp_ and anything, or a short name with a digit in it, such as llama.cpp's builds.
        count(*) filter (
            where not regexp_full_match(samples.system_fingerprint, 'fp_[\w-]{1,60}|[\w.:-]{0,60}\d[\w.:-]{0,60}')
        ) as odd_fingerprints,
        count(samples.latency_s) filter (where samples.outcome != 'failed') as with_latency,
        count(*) filter (
            where samples.outcome != 'failed' and not (samples.latency_s > 0 and samples.latency_s <= 3600)
        ) as implausible_latencies,
        count(*) filter (
            where
            samples.requested_at < run.started_at - interval 1 second
            or samples.requested_at > run.ended_at + interval 1 second
        ) as outside_the_run
    from samples
    cross join plan
    cross join run
    left join planned_series using (study, endpoint, model, arm, prompt)
    group by samples.study, samples.endpoint, samples.model, samples.arm, samples.prompt
),

malformed_samples as (
    select * from samples
    where outcome = 'malformed' and error is null
),

-- A success that says no error and has no body at all; a body that makes no sense is the provider's, and no contradiction.
silent_successes as (
    select
        malformed_samples.study,
        malformed_samples.endpoint,
        malformed_samples.model,
        malformed_samples.arm,
        malformed_samples.prompt,
        count(*) as silent_successes
    from malformed_samples
    inner join calls using (sample_id)
    -- Not its text, which may be archived.
    where calls.body_id is null
    group by all
),

list_counts as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        top_logprobs_asked,
        ordering_id,
        count(*) as n
    from samples
    where ordering_id is not null and top_logprobs_asked > 0
    group by all
),

list_facts as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        sum(list_counts.n)::bigint as with_list,
        coalesce(
            sum(list_counts.n) filter (where distributions.list_length != list_counts.top_logprobs_asked), 0
        )::bigint as of_other_length,
        coalesce(sum(list_counts.n) filter (where not distributions.is_sorted), 0)::bigint as unsorted,
        coalesce(sum(list_counts.n) filter (where distributions.probability_sum > 1 + 1e-4), 0)::bigint as overfull
    from list_counts
    inner join distributions using (ordering_id)
    group by all
),

prompt_sizes as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        request_id,
        prompt_tokens,
        count(*) as n
    from samples
    where prompt_tokens is not null
    group by all
),

request_sizes as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        request_id,
        sum(n) as n,
        max(n) as usual
    from prompt_sizes
    group by all
),

prompt_facts as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        sum(n)::bigint as with_prompt_tokens,
        sum(n - usual)::bigint as odd_prompt_tokens
    from request_sizes
    group by all
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        planned_series.planned,
        coalesce(counts.samples, 0) as samples,
        coalesce(counts.duplicates, 0) as duplicates,
        coalesce(counts.unplanned, 0) as unplanned,
        coalesce(counts.planned_present, 0) as planned_present,
        coalesce(counts.answered_failures, 0) + coalesce(silent_successes.silent_successes, 0) as contradictions,
        coalesce(counts.with_value + counts.implausible_logprobs, 0) as with_logprob,
        coalesce(counts.implausible_logprobs, 0) as implausible_logprobs,
        coalesce(list_facts.with_list, 0) as with_list,
        coalesce(list_facts.of_other_length, 0) as of_other_length,
        coalesce(list_facts.unsorted, 0) as unsorted,
        coalesce(list_facts.overfull, 0) as overfull,
        coalesce(prompt_facts.with_prompt_tokens, 0) as with_prompt_tokens,
        coalesce(prompt_facts.odd_prompt_tokens, 0) as odd_prompt_tokens,
        coalesce(counts.with_response_id, 0) as with_response_id,
        coalesce(counts.repeated_response_ids, 0) as repeated_response_ids,
        coalesce(counts.with_fingerprint, 0) as with_fingerprint,
        coalesce(counts.odd_fingerprints, 0) as odd_fingerprints,
        coalesce(counts.with_latency, 0) as with_latency,
        coalesce(counts.implausible_latencies, 0) as implausible_latencies,
        coalesce(counts.outside_the_run, 0) as outside_the_run
    from counts
    full join planned_series using (study, endpoint, model, arm, prompt)
    left join silent_successes using (study, endpoint, model, arm, prompt)
    left join list_facts using (study, endpoint, model, arm, prompt)
    left join prompt_facts using (study, endpoint, model, arm, prompt)
)

select * from final
