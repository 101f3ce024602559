-- what: The clusters of the values of one day at each threshold of the study, numbered from the lowest probability.
-- grain: study, endpoint, model, arm, prompt, day, threshold_pp, cluster
-- view
with clusters as (
    select * from mart.clusters_by_period
),

periods as (
    select * from mart.periods
    where period is not null
),

grids as (
    select * from mart.logit_grid_overall
),

names as (
    select distinct
        period_id,
        study,
        endpoint,
        model,
        arm,
        prompt,
        period
    from periods
),

final as (
    select
        names.study,
        names.endpoint,
        names.model,
        names.arm,
        names.prompt,
        names.period as day,
        clusters.threshold_pp,
        clusters.cluster,
        clusters.n,
        clusters.distinct_values,
        clusters.min_pct,
        clusters.max_pct,
        clusters.share,
        clusters.fingerprints,
        clusters.gap_nat,
        round(clusters.gap_nat / grids.grid_step_nat) * grids.grid_step_nat as grid_point_nat,
        clusters.gap_nat - grid_point_nat as residual_nat
    from clusters
    inner join names using (period_id)
    left join grids using (study, endpoint, model, arm, prompt)
)

select * from final
