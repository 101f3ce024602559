-- grain: endpoint, model, arm, prompt, day, cluster
-- Of the day, and of each series' previous day with data, at the study's first threshold.
with clusters as (
    select * from mart.clusters_by_day
    where study = $study and day <= $day
),

thresholds as (
    select * from mart.thresholds_by_study
    where is_first
),

days as (
    select
        endpoint,
        model,
        arm,
        prompt,
        day
    from mart.spread_by_day
    where study = $study and day <= $day
    qualify row_number() over (partition by endpoint, model, arm, prompt order by day desc) <= 2
),

final as (
    select clusters.* exclude (study)
    from clusters
    semi join days using (endpoint, model, arm, prompt, day)
    semi join thresholds using (study, threshold_pp)
)

select * from final
order by model asc, endpoint asc, arm asc, prompt asc, day asc, max_pct desc
