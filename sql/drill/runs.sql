-- what: every run, as the marts have it
-- grain: run_id
select
    run_id,
    study,
    day,
    state,
    reason,
    planned,
    attempted,
    samples,
    is_withheld
from mart.runs
