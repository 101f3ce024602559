-- what: How often each value was seen in each hour (UTC) of the day, for the day's last request.
-- grain: study, endpoint, model, arm, prompt, day, hour, logprob
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

final as (
    select
        samples.study,
        samples.endpoint,
        samples.model,
        samples.arm,
        samples.prompt,
        samples.day,
        -- Not extract(hour …): that would follow the time zone of whoever connects.
        floor(epoch(samples.requested_at) / 3600)::bigint % 24 as hour,
        samples.logprob,
        count(*) as n
    from samples
    inner join requests using (study, endpoint, model, arm, prompt, day, request_id)
    where
        samples.logprob is not null
        and requests.is_of_day
        and samples.follow is not distinct from requests.follow
        and samples.run_id not in (select run_id from withheld_runs)
    group by all
)

select * from final
