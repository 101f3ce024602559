-- grain: endpoint, model, arm, prompt, outcome, status
select * exclude (study, day)
from mart.outcomes_by_day
where study = $study and day = $day
order by model, endpoint, arm, prompt, outcome, status
