-- grain: endpoint, model, arm, prompt, day
-- What the figure of values over days draws: single values where no day of the series has over four, else clusters.
with clusters as (
    select * from mart.clusters_by_day
    where study = $study
),

counts as (
    select * from mart.value_counts_by_day
    where study = $study and logprob is not null
),

periods as (
    select * from mart.periods
    where study = $study and period = day
),

thresholds as (
    select * from mart.thresholds_by_study
    where is_first
),

few as (
    select
        endpoint,
        model,
        arm,
        prompt
    from mart.spread_by_day
    where study = $study
    group by all
    having max(distinct_values) <= 4
),

discs_of_values as (
    select
        endpoint,
        model,
        arm,
        prompt,
        day,
        true as is_value,
        probability_pct as low_pct,
        probability_pct as high_pct,
        sum(n)::bigint as n
    from counts
    semi join few using (endpoint, model, arm, prompt)
    semi join periods using (study, endpoint, model, arm, prompt, day, request_id)
    group by all
),

discs_of_clusters as (
    select
        clusters.endpoint,
        clusters.model,
        clusters.arm,
        clusters.prompt,
        clusters.day,
        false as is_value,
        clusters.min_pct as low_pct,
        clusters.max_pct as high_pct,
        clusters.n
    from clusters
    anti join few using (endpoint, model, arm, prompt)
    semi join thresholds using (study, threshold_pp)
),

discs as (
    select * from discs_of_values
    union all by name
    select * from discs_of_clusters
),

-- A row a day: a year of discs is as long as its counts. The lists of a day have one order, and which is all the same.
final as (
    select
        endpoint,
        model,
        arm,
        prompt,
        day,
        any_value(is_value) as is_value,
        list(low_pct) as low_pct,
        list(high_pct) as high_pct,
        list(n) as n
    from discs
    group by all
)

select * from final
order by model, endpoint, arm, prompt, day
