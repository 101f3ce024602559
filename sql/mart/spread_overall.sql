-- what: How far the values of all days of a series' last request spread.
-- grain: study, endpoint, model, arm, prompt
-- whole
with spread as (
    select * from mart.spread_by_period
),

final as (
    select * exclude (period)
    from spread
    where period is null
)

select * from final
