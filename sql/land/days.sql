-- what: the days of the lines that are landing
select distinct day
from distinct_bodies
order by day;
