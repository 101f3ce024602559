-- grain: endpoint, model, arm, prompt, unit, position
-- How many calls of the day share so much of its most frequent completion, from its beginning; null: all of it. In tokens
-- where every completion that differs came with its token list.
with divergence as (
    select * from mart.divergence_by_day
    where study = $study and day = $day
),

units as (
    select
        *,
        bool_and(divergence_tokens is not null or divergence_chars is null)
            over (partition by endpoint, model, arm, prompt) as has_tokens
    from divergence
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
