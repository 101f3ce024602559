-- grain: study, endpoint, model, arm, prompt, day
-- The alarms of the seven days up to the newest, and each series' last change, ours or theirs.
with drift as (
    select * from mart.drift_by_day
    where reason is not null
),

newest as (
    select max(last_day) as day from mart.series
),

final as (
    select
        drift.study,
        drift.endpoint,
        drift.model,
        drift.arm,
        drift.prompt,
        drift.day,
        drift.is_alarm,
        drift.reason,
        drift.q_value,
        drift.baseline_wasserstein_pp,
        drift.is_alarm and drift.day > newest.day - 7 as is_news,
        row_number() over (
            partition by drift.study, drift.endpoint, drift.model, drift.arm, drift.prompt order by drift.day desc
        ) = 1 as is_last
    from drift
    cross join newest
    qualify is_news or is_last
)

select * from final
order by day desc, study asc, model asc, endpoint asc, arm asc, prompt asc
