-- grain: endpoint, model, arm, prompt, threshold_pp, cluster
select * exclude (study)
from mart.clusters_overall
where study = $study
order by model, endpoint, arm, prompt, threshold_pp, max_pct desc
