-- grain: endpoint, model, arm, prompt, day, system_fingerprint
select * exclude (study)
from mart.fingerprints_by_day
where study = $study
order by model, endpoint, arm, prompt, day, system_fingerprint
