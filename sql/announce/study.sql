-- what: The study and the day of a run; an import's samples have days of their own.
-- grain: run_id
-- reads: $run_id
select distinct
    run_id,
    study,
    day
from raw.runs
where run_id = $run_id
