-- grain: endpoint, model, arm, prompt, system_fingerprint
select * exclude (study)
from mart.fingerprint_lifetimes
where study = $study
order by model, endpoint, arm, prompt, first_day, system_fingerprint
