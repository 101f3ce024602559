-- what: The gaps that separate clusters, as the study's latest run has them, or the default for mere imports.
-- grain: study, threshold_pp
-- whole
with runs as (
    select * from raw.runs
),

studies as (
    select distinct study from mart.calls_by_day
),

configurations as (
    select
        study,
        arg_max(configuration, (started_at, landed_at)) as configuration
    from runs
    where configuration is not null
    group by all
),

thresholds as (
    select
        study,
        coalesce(
            json_extract(configuration, '$.thresholds_pp')::double[],
            [0.01, 0.001, 0.0001]::double[]
        ) as thresholds_pp
    from studies
    left join configurations using (study)
),

positions as (
    select
        study,
        unnest(thresholds_pp) as threshold_pp,
        generate_subscripts(thresholds_pp, 1) as position
    from thresholds
),

final as (
    select
        study,
        threshold_pp,
        min(position) = 1 as is_first
    from positions
    group by all
)

select * from final
