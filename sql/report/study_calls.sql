-- grain: endpoint, model, arm, prompt, completion_id
-- Over the newest 28 days of each series' last request: enough to say which setting does it, and never more work than that.
with counts as (
    select * from mart.completion_counts_by_day
    where study = $study
),

periods as (
    select * from mart.periods
    where study = $study and period is null
),

newest as (
    select max(day) as day from periods
)

select
    counts.endpoint,
    counts.model,
    counts.arm,
    counts.prompt,
    counts.completion_id,
    sum(counts.n)::bigint as n
from counts
semi join periods using (study, endpoint, model, arm, prompt, day, request_id)
inner join newest on counts.day > newest.day - 28
group by counts.endpoint, counts.model, counts.arm, counts.prompt, counts.completion_id
order by counts.model, counts.endpoint, counts.arm, counts.prompt, counts.completion_id
