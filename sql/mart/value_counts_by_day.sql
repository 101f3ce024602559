-- what: How often each value was seen, per series, day, request, fingerprint and ordering: the sufficient statistic.
-- Where another token was followed under the same request earlier that day, its values are not counted.
-- grain: study, endpoint, model, arm, prompt, day, request_id, system_fingerprint, logprob, ordering_id
-- by day
with samples as (
    select * from stg.samples
    where day in (select unnest($days))
),

requests as (
    select * from mart.requests_by_day
    where day in (select unnest($days))
),

withheld_runs as (
    select distinct run_id from mart.quality_by_run
    where severity = 'critical' and not success
),

value_counts as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        request_id,
        follow,
        system_fingerprint,
        min(token) as token,
        logprob,
        min(probability_pct) as probability_pct,
        min(distribution_id) as distribution_id,
        ordering_id,
        count(*) as n
    from samples
    where logprob is not null and run_id not in (select run_id from withheld_runs)
    group by study, endpoint, model, arm, prompt, day, request_id, follow, system_fingerprint, logprob, ordering_id
),

final as (
    select value_counts.* exclude (follow)
    from value_counts
    inner join requests using (study, endpoint, model, arm, prompt, day, request_id)
    where value_counts.follow is not distinct from requests.follow
)

select * from final
