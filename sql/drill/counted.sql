-- what: how many samples the counts count
-- grain: one row
select coalesce(sum(n), 0)::bigint as n
from mart.calls_by_day
