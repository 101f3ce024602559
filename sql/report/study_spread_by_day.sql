-- grain: endpoint, model, arm, prompt, day
select * exclude (study)
from mart.spread_by_day
where study = $study
order by model, endpoint, arm, prompt, day
