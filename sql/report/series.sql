-- grain: study, endpoint, model, arm, prompt
with series as (
    select * from mart.series
),

spread as (
    select * from mart.spread_overall
),

clusters_at_threshold as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        threshold_pp,
        count(*) as clusters
    from mart.clusters_overall
    group by all
),

clusters_by_series as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        map_from_entries(list((threshold_pp, clusters))) as clusters
    from clusters_at_threshold
    group by all
),

final as (
    select
        spread.*,
        series.request,
        series.follow,
        series.token,
        series.first_day,
        series.last_day,
        series.days,
        series.is_simulated,
        series.served_models,
        coalesce(clusters_by_series.clusters, map { }) as clusters
    from series
    inner join spread using (study, endpoint, model, arm, prompt)
    left join clusters_by_series using (study, endpoint, model, arm, prompt)
)

select * from final
-- The most varied first: that is what a reader came for.
order by study asc, distinct_values desc nulls last, model asc, endpoint asc, arm asc, prompt asc
