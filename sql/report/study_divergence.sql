-- grain: endpoint, model, arm, prompt, unit, position
-- Over all days of each series' last request: how many calls share so much of their day's most frequent completion, from
-- its beginning; null: all of it. In tokens where every completion that differs came with its token list.
with divergence as (
    select * from mart.divergence_by_day
    where study = $study
),

days_of_last_request as (
    select of_day.*
    from mart.periods as of_day
    inner join mart.periods as overall using (study, endpoint, model, arm, prompt, day, request_id)
    where of_day.period is not null and overall.period is null
),

units as (
    select
        divergence.*,
        bool_and(divergence_tokens is not null or divergence_chars is null)
            over (partition by endpoint, model, arm, prompt) as has_tokens
    from divergence
    semi join days_of_last_request using (study, endpoint, model, arm, prompt, day)
),

final as (
    select
        endpoint,
        model,
        arm,
        prompt,
        if(has_tokens, 'token', 'character') as unit,
        if(has_tokens, divergence_tokens, divergence_chars) as position,
        sum(n)::bigint as n
    from units
    group by all
)

select * from final
order by model asc, endpoint asc, arm asc, prompt asc, position asc nulls last
