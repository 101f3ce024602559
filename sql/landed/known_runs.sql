-- what: the runs that landed
-- grain: run_id, kind
select
    run_id,
    kind,
    min(started_at) as started_at,
    max(ended_at) as ended_at,
    max(landed_at) as landed_at,
    arg_max(state, landed_at) as state
from raw.runs
group by run_id, kind
