-- what: every day that has samples
select distinct day
from raw.calls
order by day
