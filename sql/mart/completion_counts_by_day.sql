-- what: How often each completion was seen, per series, day, request and fingerprint.
-- Where another token was followed under the same request earlier that day, its calls are not counted, as in value counts.
-- grain: study, endpoint, model, arm, prompt, day, request_id, system_fingerprint, completion_id
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

-- The same text can come in other tokens.
token_lists as (
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
        text,
        first_token,
        tokens_id,
        min(requested_at) as first_at,
        arg_min(repeat, (requested_at, repeat)) as first_repeat,
        max(completion_tokens) as tokens,
        count(*) filter (where finish_reason = 'length') as truncated,
        count(*) as n
    from samples
    where text is not null and run_id not in (select run_id from withheld_runs)
    group by
        study, endpoint, model, arm, prompt, day, request_id, follow, system_fingerprint, text, first_token, tokens_id
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
        -- So that what only asks how long texts are need not read them.
        length(text) as characters,
        min(first_at) as first_at,
        arg_min(first_repeat, (first_at, first_repeat)) as first_repeat,
        max(tokens) as tokens,
        arg_max(first_token, (n, first_token)) as first_token,
        arg_max(tokens_id, (n, tokens_id)) as tokens_id,
        sum(truncated)::bigint as truncated,
        sum(n)::bigint as n
    from token_lists
    inner join requests using (study, endpoint, model, arm, prompt, day, request_id)
    where token_lists.follow is not distinct from requests.follow
    group by study, endpoint, model, arm, prompt, day, request_id, system_fingerprint, text
)

select * from final
