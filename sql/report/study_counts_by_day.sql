-- grain: endpoint, model, arm, prompt, day
-- How often each value of the day was seen, without saying which: what rarefied counts are made of.
with counts as (
    select * from mart.value_counts_by_day
    where study = $study and logprob is not null
),

periods as (
    select * from mart.periods
    where study = $study and period is not null
),

value_counts as (
    select
        endpoint,
        model,
        arm,
        prompt,
        day,
        logprob,
        sum(n)::bigint as n
    from counts
    semi join periods using (study, endpoint, model, arm, prompt, day, request_id)
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
