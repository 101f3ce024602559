-- grain: endpoint, model, arm, prompt
select * exclude (study, day)
from mart.cost_by_day
where study = $study and day = $day
order by model, endpoint, arm, prompt
