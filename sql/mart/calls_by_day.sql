-- what: How many calls ended how, by request, served model and fingerprint: what value counts alone cannot say.
-- grain: study, endpoint, model, arm, prompt, day, request_id, follow, served_model, system_fingerprint, outcome, status
-- by day
with samples as (
    select * from stg.samples
    where day in (select unnest($days))
),

withheld_runs as (
    select distinct run_id from mart.quality_by_run
    where severity = 'critical' and not success
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        request_id,
        follow,
        served_model,
        system_fingerprint,
        outcome,
        status,
        bool_or(is_simulated) as is_simulated,
        count(*) as n,
        count(logprob) as observed,
        sum(attempts)::bigint as attempts,
        count(latency_s) as timed,
        -- To the microsecond, so that the order in which they are added up leaves no trace.
        round(sum(latency_s), 6) as total_latency_s,
        max(latency_s) as max_latency_s,
        sum(prompt_tokens)::bigint as prompt_tokens,
        sum(completion_tokens)::bigint as completion_tokens,
        count(*) filter (where prompt_tokens is null or completion_tokens is null) as without_usage,
        max(requested_at) as last_at
    from samples
    where run_id not in (select run_id from withheld_runs)
    group by all
)

select * from final
