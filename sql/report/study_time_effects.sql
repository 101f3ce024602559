-- grain: endpoint, model, arm, prompt, effect
select * exclude (study)
from mart.time_effects_overall
where study = $study
order by model, endpoint, arm, prompt, effect
