-- grain: endpoint, model, arm, prompt, threshold_pp
select * exclude (study)
from mart.association_overall
where study = $study
order by model asc, endpoint asc, arm asc, prompt asc, threshold_pp desc
