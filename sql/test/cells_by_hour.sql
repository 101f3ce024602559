-- what: The mean probability of each day and hour of the last eight weeks of every series.
-- grain: study, endpoint, model, arm, prompt
with counts as (
    select * from mart.value_counts_by_hour
),

periods as (
    select * from mart.periods
    where period is null
),

last_days as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        max(day) as last_day
    from periods
    group by all
),

cells as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        counts.day,
        counts.hour,
        sum(counts.n)::bigint as n,
        sum(counts.n * 100 * exp(counts.logprob) order by counts.logprob) / sum(counts.n) as mean_pct
    from counts
    inner join periods using (study, endpoint, model, arm, prompt, day)
    inner join last_days using (study, endpoint, model, arm, prompt)
    where counts.day > last_days.last_day - 56
    group by all
)

select
    study,
    endpoint,
    model,
    arm,
    prompt,
    list(epoch_us(day::timestamp) // 86400000000 order by day, hour) as days,
    list(hour order by day, hour) as hours,
    list(n order by day, hour) as n,
    list(mean_pct order by day, hour) as means_pct
from cells
group by study, endpoint, model, arm, prompt
order by study, endpoint, model, arm, prompt
