-- grain: endpoint, model, arm, prompt
-- Each series' previous day with completions.
with agreement as (
    select * from mart.agreement_by_day
    where study = $study and day < $day
)

select
    endpoint,
    model,
    arm,
    prompt,
    max(day) as previous_day,
    arg_max(observed, day) as observed,
    arg_max(unique_completions, day) as unique_completions
from agreement
group by endpoint, model, arm, prompt
order by model, endpoint, arm, prompt
