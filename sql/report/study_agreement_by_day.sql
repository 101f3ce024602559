-- grain: endpoint, model, arm, day
-- Over an arm's prompts. `modal_calls` gave the most frequent completion of their prompt and day.
with agreement as (
    select * from mart.agreement_by_day
    where study = $study
)

select
    endpoint,
    model,
    arm,
    day,
    count(*) as prompts,
    sum(samples)::bigint as samples,
    sum(observed)::bigint as observed,
    sum(unique_completions)::bigint as unique_completions,
    sum(round(modal_share * observed))::bigint as modal_calls
from agreement
group by endpoint, model, arm, day
order by model, endpoint, arm, day
