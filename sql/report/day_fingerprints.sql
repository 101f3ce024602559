-- grain: endpoint, model, arm, prompt, day, system_fingerprint
-- Of the day, and of each series' previous day with data.
with fingerprints as (
    select * from mart.fingerprints_by_day
    where study = $study and day <= $day
)

select * exclude (study)
from fingerprints
qualify dense_rank() over (partition by endpoint, model, arm, prompt order by day desc) <= 2
order by model asc, endpoint asc, arm asc, prompt asc, day asc, share desc, system_fingerprint asc
