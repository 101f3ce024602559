-- what: Values in the order of time: the day's observed samples of its last request, cut into at most 20 equal blocks.
-- grain: study, endpoint, model, arm, prompt, day, block, logprob
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

blocks as (
    select
        samples.study,
        samples.endpoint,
        samples.model,
        samples.arm,
        samples.prompt,
        samples.day,
        samples.logprob,
        ntile(20) over (
            partition by
                samples.study, samples.endpoint, samples.model, samples.arm, samples.prompt, samples.day
            order by samples.requested_at, samples.sample_id
        ) as block
    from samples
    inner join requests using (study, endpoint, model, arm, prompt, day, request_id)
    where
        samples.logprob is not null
        and requests.is_of_day
        and samples.follow is not distinct from requests.follow
        and samples.run_id not in (select run_id from withheld_runs)
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        block,
        logprob,
        count(*) as n
    from blocks
    group by all
)

select * from final
