-- grain: endpoint, model, arm, prompt, day
-- The day, and each series' previous day with data: at most two rows a series.
with spread as (
    select * from mart.spread_by_day
    where study = $study and day <= $day
),

final as (
    select * exclude (study)
    from spread
    qualify
        row_number() over (partition by endpoint, model, arm, prompt order by day desc) <= 2
        and max(day) over (partition by endpoint, model, arm, prompt) = $day
)

select * from final
order by model asc, endpoint asc, arm asc, prompt asc, day desc
