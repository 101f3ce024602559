-- grain: endpoint, model, arm, prompt, threshold_pp, cluster
select * exclude (study)
from mart.clusters_overall
where study = $study
order by model asc, endpoint asc, arm asc, prompt asc, threshold_pp asc, max_pct desc
