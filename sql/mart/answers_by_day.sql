-- what: The answers of each series and day, with Wilson 95% intervals of their shares; null is an answer that cannot be parsed.
-- grain: study, endpoint, model, arm, prompt, day, answer
-- by day
with completions as (
    select * from mart.divergence_by_day
    where day in (select unnest($days))
),

counts as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        answer,
        sum(n)::bigint as n
    from completions
    group by all
),

shares as (
    select
        *,
        sum(n) over (partition by study, endpoint, model, arm, prompt, day)::bigint as observed,
        wilson_interval(n, observed) as wilson
    from counts
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        answer,
        n,
        n / observed as share,
        wilson.low as wilson_low,
        wilson.high as wilson_high,
        observed
    from shares
)

select * from final
