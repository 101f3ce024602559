-- what: The clusters of all days against the fingerprints of one day, as a table of counts, where there are two of either.
-- grain: study, endpoint, model, arm, prompt, threshold_pp, day
-- whole
with periods as (
    select
        *,
        dense_rank() over (order by period_id) as series_id
    from mart.periods
    where period is null
),

clusters as (
    select * from mart.clusters_by_period
    where period is null
),

counts as (
    select * from mart.value_counts_by_day
    where system_fingerprint is not null
),

-- Small numbers instead of names: these rows are as many as the counts, at each threshold.
fingerprints as (
    select
        system_fingerprint,
        row_number() over (order by system_fingerprint) as fingerprint
    from (select distinct system_fingerprint from counts) as names
),

day_counts as (
    select
        periods.series_id,
        counts.day,
        counts.probability_pct,
        fingerprints.fingerprint,
        sum(counts.n)::bigint as n
    from counts
    inner join periods using (study, endpoint, model, arm, prompt, day, request_id)
    inner join fingerprints using (system_fingerprint)
    group by all
),

series as (
    select distinct
        series_id,
        period_id,
        study,
        endpoint,
        model,
        arm,
        prompt
    from periods
),

value_clusters as (
    select
        series_values.series_id,
        series_values.probability_pct,
        clusters.threshold_pp,
        clusters.cluster
    from (
        select distinct
            series_id,
            period_id,
            probability_pct
        from day_counts
        inner join series using (series_id)
    ) as series_values
    inner join clusters
        on
            series_values.period_id = clusters.period_id
            and series_values.probability_pct between clusters.min_pct and clusters.max_pct
),

cells as (
    select
        series_id,
        threshold_pp,
        day,
        cluster,
        fingerprint,
        sum(n)::bigint as n
    from day_counts
    inner join value_clusters using (series_id, probability_pct)
    group by all
),

-- Numbered within the table: what is called a cluster, or a fingerprint, elsewhere does not change it.
clusters_of_tables as (
    select
        series_id,
        threshold_pp,
        day,
        cluster,
        row_number() over (partition by series_id, threshold_pp, day order by cluster) as cluster_number,
        sum(n)::double as of_cluster
    from cells
    group by series_id, threshold_pp, day, cluster
),

fingerprints_of_tables as (
    select
        series_id,
        threshold_pp,
        day,
        fingerprint,
        row_number() over (partition by series_id, threshold_pp, day order by fingerprint) as fingerprint_number,
        sum(n)::double as of_fingerprint,
        sum(sum(n)) over (partition by series_id, threshold_pp, day)::double as observed
    from cells
    group by series_id, threshold_pp, day, fingerprint
),

tables as (
    select
        series_id,
        threshold_pp,
        day,
        list_sort(list({ 'cluster': cluster_number, 'fingerprint': fingerprint_number, 'n': n })) as cells,
        any_value(observed) as observed,
        max(cluster_number) as clusters,
        max(fingerprint_number) as fingerprints,
        -- Rounded beyond their last digits, which depend on the order of summing: a rebuild gives the same doubles.
        -- Chi-squared over n, and in nat what both tell of each other, and what either leaves open, times n.
        round(sum(n * n / (of_cluster * of_fingerprint)) - 1, 12) as phi2,
        round(sum(n * ln(n * observed / (of_cluster * of_fingerprint))), 6) as information,
        round(-sum(n * ln(of_cluster / observed)), 6) as cluster_entropy,
        round(-sum(n * ln(of_fingerprint / observed)), 6) as fingerprint_entropy
    from cells
    inner join clusters_of_tables using (series_id, threshold_pp, day, cluster)
    inner join fingerprints_of_tables using (series_id, threshold_pp, day, fingerprint)
    group by series_id, threshold_pp, day
    having max(cluster_number) > 1 and max(fingerprint_number) > 1
),

final as (
    select
        series.study,
        series.endpoint,
        series.model,
        series.arm,
        series.prompt,
        tables.* exclude (series_id),
        -- Of the series' day: the same table, at another threshold or in a rebuild, is tested once.
        md5(concat_ws(
            chr(31), series.study, series.endpoint, series.model, series.arm, series.prompt, tables.day::varchar,
            tables.cells::varchar
        )) as table_id
    from tables
    inner join series using (series_id)
)

select * from final
