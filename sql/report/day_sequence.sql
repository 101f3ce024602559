-- grain: endpoint, model, arm, prompt
select * exclude (study)
from mart.sequence_by_day
where study = $study and day = $day
order by model, endpoint, arm, prompt
