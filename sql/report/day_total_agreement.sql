-- grain: endpoint, model, arm, day
select * exclude (study)
from mart.agreement_by_study
where study = $study and day = $day
order by model, endpoint, arm
