-- what: the runs that landed
-- grain: run_id, kind
select
    run_id,
    kind,
    min(started_at) as started_at,
    max(ended_at) as ended_at
from raw.runs
group by run_id, kind
