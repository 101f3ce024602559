-- what: the days of some runs ($runs)
-- grain: day
select distinct day
from raw.calls
where run_id in (select unnest($runs))
order by day
