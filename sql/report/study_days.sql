-- grain: day
select distinct day
from mart.spread_by_day
where study = $study
order by day
