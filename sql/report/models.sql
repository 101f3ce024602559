-- grain: model
-- In the order in which the warehouse met them, so that a model keeps its colour on every page.
select
    model,
    min(first_day) as first_day
from mart.series
group by model
order by first_day, model
