-- what: Which first token stands for which answer, in completions that were not cut off, over all days of a series' last request.
-- grain: study, endpoint, model, prompt, token, answer
-- whole
with completions as (
    select * from mart.divergence_by_day
),

periods as (
    select * from mart.periods
    where period is null
),

final as (
    select
        completions.study,
        completions.endpoint,
        completions.model,
        completions.prompt,
        completions.first_token as token,
        completions.answer,
        sum(completions.n - completions.truncated)::bigint as n
    from completions
    inner join periods using (study, endpoint, model, arm, prompt, day, request_id)
    where completions.first_token is not null
    group by all
    having sum(completions.n - completions.truncated) > 0
)

select * from final
