-- what: How often each value was seen, per series, day, request, fingerprint and ordering: the sufficient statistic.
-- grain: study, endpoint, model, arm, prompt, day, request_id, system_fingerprint, logprob, ordering_id
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
        system_fingerprint,
        min(token) as token,
        logprob,
        min(probability_pct) as probability_pct,
        min(distribution_id) as distribution_id,
        ordering_id,
        count(*) as n
    from samples
    where logprob is not null and run_id not in (select run_id from withheld_runs)
    group by study, endpoint, model, arm, prompt, day, request_id, system_fingerprint, logprob, ordering_id
)

select * from final
