-- grain: endpoint, model, arm, prompt, day
-- How often each value was seen, on the day and on each series' previous day with data.
with days as (
    select
        endpoint,
        model,
        arm,
        prompt,
        day
    from mart.spread_by_day
    where study = $study and day <= $day
    qualify row_number() over (partition by endpoint, model, arm, prompt order by day desc) <= 2
),

periods as (
    select * from mart.periods
    where study = $study and period is not null
),

value_counts as (
    select
        counts.endpoint,
        counts.model,
        counts.arm,
        counts.prompt,
        counts.day,
        counts.logprob,
        sum(counts.n)::bigint as n
    from mart.value_counts_by_day as counts
    semi join days using (endpoint, model, arm, prompt, day)
    semi join periods using (study, endpoint, model, arm, prompt, day, request_id)
    where counts.study = $study and counts.logprob is not null
    group by all
),

final as (
    select
        endpoint,
        model,
        arm,
        prompt,
        day,
        list(n order by n desc) as counts
    from value_counts
    group by all
)

select * from final
order by model, endpoint, arm, prompt, day
