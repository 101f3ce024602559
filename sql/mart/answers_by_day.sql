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
        n / observed as share,
        -- The square of the normal quantile at 97.5%.
        3.8414588206941245 as z2,
        share + z2 / (2 * observed) as middle,
        sqrt(z2 * (share * (1 - share) / observed + z2 / (4 * observed ** 2))) as reach
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
        share,
        (middle - reach) / (1 + z2 / observed) as wilson_low,
        -- Exact at the end, where the terms cancel but for rounding.
        if(n = observed, 1, (middle + reach) / (1 + z2 / observed)) as wilson_high,
        observed
    from shares
)

select * from final
