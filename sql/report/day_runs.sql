-- grain: run_id
-- An import has days of its own, so every run is taken whose days reach over this one.
select * exclude (study)
from mart.runs
where
    study = $study
    and $day between coalesce(first_day, day) and coalesce(last_day, day)
order by started_at, run_id
