-- grain: study, endpoint, model, arm, prompt
-- The completions of each series' last request, over all its days.
select * exclude (period)
from mart.texts_by_period
where period is null
order by study, model, endpoint, arm, prompt
