-- grain: study, endpoint, model, arm, prompt, day
-- The sixty days that a sparkline shows, counted from the newest day of its study.
with spread as (
    select * from mart.spread_by_day
),

newest as (
    select
        study,
        max(day) as day
    from spread
    group by study
)

select
    spread.study,
    spread.endpoint,
    spread.model,
    spread.arm,
    spread.prompt,
    spread.day,
    spread.distinct_values,
    spread.min_pct,
    spread.max_pct,
    spread.modal_pct
from spread
inner join newest on spread.study = newest.study and spread.day > newest.day - 60
order by spread.day
