-- grain: run_id
select * exclude (study)
from mart.runs
where study = $study
order by started_at desc, run_id asc
