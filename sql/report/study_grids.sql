-- grain: endpoint, model, arm, prompt
select * exclude (study)
from mart.logit_grid_overall
where study = $study
order by model, endpoint, arm, prompt
