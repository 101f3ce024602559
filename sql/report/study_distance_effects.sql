-- grain: endpoint, model, prompt, factor
select * exclude (study)
from mart.distance_effects_overall
where study = $study
order by model, endpoint, prompt, factor
