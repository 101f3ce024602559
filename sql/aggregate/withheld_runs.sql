-- what: the runs that are withheld, as the marts have it
-- grain: run_id
select distinct run_id
from mart.quality_by_run
where severity = 'critical' and not success
