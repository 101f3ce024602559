-- grain: endpoint, model, arm, prompt, day, outcome, status
-- `calls` are all of the series that day, whatever came back.
select
    * exclude (study),
    sum(n) over (partition by endpoint, model, arm, prompt, day)::bigint as calls
from mart.outcomes_by_day
where study = $study
order by model, endpoint, arm, prompt, day, outcome, status
