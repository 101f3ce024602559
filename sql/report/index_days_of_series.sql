-- grain: study, day
-- How many series of a study have samples on each of the seven days up to the newest.
with newest as (
    select max(last_day) as day from mart.series
)

select
    spread.study,
    spread.day,
    count(*) as series
from mart.spread_by_day as spread
inner join newest on spread.day > newest.day - 7
group by spread.study, spread.day
order by spread.day, spread.study
