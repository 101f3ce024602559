-- what: How far the values of one day spread, for the day's last request.
-- grain: study, endpoint, model, arm, prompt, day
-- view
with spread as (
    select * from mart.spread_by_period
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        period as day,
        * exclude (study, endpoint, model, arm, prompt, period)
    from spread
    where period is not null
)

select * from final
