-- grain: endpoint, model, arm, prompt
select
    drift.* exclude (study, request_id),
    spread.samples - spread.failures as answered
from mart.drift_by_day as drift
inner join mart.spread_by_day as spread using (study, endpoint, model, arm, prompt, day)
where drift.study = $study and drift.day = $day
order by drift.model, drift.endpoint, drift.arm, drift.prompt
