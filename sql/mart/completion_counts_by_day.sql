-- what: How often each completion was seen, per series, day, request and fingerprint.
-- grain: study, endpoint, model, arm, prompt, day, request_id, system_fingerprint, completion_id
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
        md5(text) as completion_id,
        text,
        min(requested_at) as first_at,
        max(completion_tokens) as tokens,
        count(*) as n
    from samples
    where text is not null and run_id not in (select run_id from withheld_runs)
    group by study, endpoint, model, arm, prompt, day, request_id, system_fingerprint, text
)

select * from final
