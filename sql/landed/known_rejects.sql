-- what: the bad lines of a run's file ($run_id, $file) that are kept
-- grain: line, text
select
    line,
    text
from raw.rejects
where run_id = $run_id and file = $file
