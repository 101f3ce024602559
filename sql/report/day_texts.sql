-- grain: endpoint, model, arm, prompt
-- The completions of the day's last request.
select * exclude (study, period)
from mart.texts_by_period
where study = $study and period = $day
order by model, endpoint, arm, prompt
