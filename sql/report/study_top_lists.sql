-- grain: endpoint, model, arm, prompt, rank
select * exclude (study)
from mart.top_lists_overall
where study = $study
order by model, endpoint, arm, prompt, rank
