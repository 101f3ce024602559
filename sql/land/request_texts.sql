-- what: each distinct request of the lines that are landing
select distinct request
from distinct_bodies;
