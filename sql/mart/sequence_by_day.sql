-- what: How often consecutive samples repeat a value, beside how often two samples drawn at random would.
-- grain: study, endpoint, model, arm, prompt, day
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

steps as (
    select
        samples.study,
        samples.endpoint,
        samples.model,
        samples.arm,
        samples.prompt,
        samples.day,
        samples.logprob,
        lag(samples.logprob) over (
            partition by
                samples.study, samples.endpoint, samples.model, samples.arm, samples.prompt, samples.day
            order by samples.requested_at, samples.sample_id
        ) as previous_logprob
    from samples
    inner join requests using (study, endpoint, model, arm, prompt, day, request_id)
    where
        samples.logprob is not null
        and requests.is_of_day
        and samples.follow is not distinct from requests.follow
        and samples.run_id not in (select run_id from withheld_runs)
),

value_counts as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        logprob,
        count(*) as n,
        count(previous_logprob) as pairs,
        count(*) filter (where logprob = previous_logprob) as repeats
    from steps
    group by all
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        sum(pairs)::bigint as pairs,
        sum(repeats)::bigint as repeats,
        sum(repeats) / nullif(sum(pairs), 0) as repeat_rate,
        sum(n * (n - 1)) / nullif(sum(n) * (sum(n) - 1), 0) as expected_rate
    from value_counts
    group by all
)

select * from final
