-- grain: endpoint, model, arm, prompt, day, outcome, status
select * exclude (study)
from mart.outcomes_by_day
where study = $study
order by model, endpoint, arm, prompt, day, outcome, status
