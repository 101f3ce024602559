-- grain: endpoint, model, arm, prompt, outcome, status
-- `calls` are all of the series that day, whatever came back.
select
    * exclude (study, day),
    sum(n) over (partition by endpoint, model, arm, prompt)::bigint as calls
from mart.outcomes_by_day
where study = $study and day = $day
order by model, endpoint, arm, prompt, outcome, status
