-- grain: endpoint, model, arm, prompt, day
-- Every day against the days before it, with how many samples it could be seen in.
with drift as (
    select * from mart.drift_by_day
    where study = $study
),

spread as (
    select * from mart.spread_by_day
    where study = $study
),

final as (
    select
        drift.* exclude (study, request_id),
        spread.samples - spread.failures as answered
    from drift
    inner join spread using (endpoint, model, arm, prompt, day)
)

select * from final
order by model, endpoint, arm, prompt, day
