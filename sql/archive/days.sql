-- what: the days before $before that have bodies in the warehouse
-- grain: day
select distinct day
from raw.bodies
where day < $before
order by day
