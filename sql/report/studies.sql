-- grain: study
-- A study whose every run is withheld has runs and no series, and still has a page.
with runs as (
    select * from mart.runs
),

series as (
    select * from mart.series
),

thresholds as (
    select * from mart.thresholds_by_study
    where is_first
),

runs_by_study as (
    select
        study,
        count(*) as runs,
        count(*) filter (where is_withheld) as withheld,
        max(ended_at) as last_run_at,
        arg_max(state, ended_at) as last_state,
        arg_max(reason, ended_at) as last_reason,
        coalesce(bool_or(is_simulated), false) as is_simulated
    from runs
    group by study
),

series_by_study as (
    select
        study,
        count(*) as series,
        min(first_day) as first_day,
        max(last_day) as last_day,
        sum(samples)::bigint as samples
    from series
    group by study
),

final as (
    select
        runs_by_study.*,
        coalesce(thresholds.threshold_pp, 0.01) as threshold_pp,
        coalesce(series_by_study.series, 0) as series,
        series_by_study.first_day,
        series_by_study.last_day,
        coalesce(series_by_study.samples, 0) as samples
    from runs_by_study
    left join series_by_study using (study)
    left join thresholds using (study)
)

select * from final
order by study
