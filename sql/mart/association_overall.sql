-- what: Do fingerprints explain clusters? Association over all days and within days, and its p-value: shuffled within days.
-- grain: study, endpoint, model, arm, prompt, threshold_pp
-- whole
with clusters as (
    select * from mart.clusters_by_period
    where period is null
),

counts as (
    select * from mart.value_counts_by_day
    where system_fingerprint is not null
),

periods as (
    select * from mart.periods
    where period is null
),

tables as (
    select * from mart.cluster_tables_by_day
),

parts as (
    select * from mart.association_parts
),

newest_days as (
    select min(first_day) as day from parts
    where not is_sum
),

tests as (
    select
        input_hash,
        arg_max(statistic, tested_at) as statistic,
        arg_max(permuted, tested_at) as permuted
    from raw.tests
    where
        test in ('association', 'association_month')
        -- What months have summed up stays unread.
        and (test = 'association_month' or day >= (select day from newest_days))
        and input_hash in (select part_id from parts)
    group by all
),

series as (
    select distinct
        period_id,
        study,
        endpoint,
        model,
        arm,
        prompt
    from periods
),

value_counts as (
    select
        periods.period_id,
        counts.probability_pct,
        counts.system_fingerprint,
        sum(counts.n)::bigint as n
    from counts
    inner join periods using (study, endpoint, model, arm, prompt, day, request_id)
    group by all
),

cells as (
    select
        series.study,
        series.endpoint,
        series.model,
        series.arm,
        series.prompt,
        clusters.threshold_pp,
        clusters.cluster,
        value_counts.system_fingerprint,
        sum(value_counts.n)::double as n
    from value_counts
    inner join series using (period_id)
    inner join clusters
        on
            value_counts.period_id = clusters.period_id
            and value_counts.probability_pct between clusters.min_pct and clusters.max_pct
    group by all
),

margins as (
    select
        *,
        sum(n) over (partition by study, endpoint, model, arm, prompt, threshold_pp) as total,
        sum(n) over (partition by study, endpoint, model, arm, prompt, threshold_pp, cluster) as of_cluster,
        sum(n) over (partition by study, endpoint, model, arm, prompt, threshold_pp, system_fingerprint) as of_fingerprint
    from cells
),

figures as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        threshold_pp,
        any_value(total) as total,
        count(distinct cluster) as clusters,
        count(distinct system_fingerprint) as fingerprints,
        -- Chi-squared over n.
        sum(n * n / (of_cluster * of_fingerprint) order by cluster, system_fingerprint) - 1 as phi2,
        sum(n / total * ln(n * total / (of_cluster * of_fingerprint)) order by cluster, system_fingerprint) as information,
        -sum(n / total * ln(of_cluster / total) order by cluster, system_fingerprint) as cluster_entropy,
        -sum(n / total * ln(of_fingerprint / total) order by cluster, system_fingerprint) as fingerprint_entropy
    from margins
    group by all
),

-- Bergsma, 2013, "A bias-correction for Cramér's V and Tschuprow's T".
corrected as (
    select
        *,
        greatest(0, phi2 - (clusters - 1) * (fingerprints - 1) / nullif(total - 1, 0)) as corrected_phi2,
        clusters - pow(clusters - 1, 2) / nullif(total - 1, 0) as corrected_clusters,
        fingerprints - pow(fingerprints - 1, 2) / nullif(total - 1, 0) as corrected_fingerprints
    from figures
),

-- Of each day, its own association: what the test is about, whatever days do to both.
corrected_of_days as (
    select
        *,
        greatest(0, phi2 - (clusters - 1) * (fingerprints - 1) / (observed - 1)) as corrected_phi2,
        least(
            clusters - pow(clusters - 1, 2) / (observed - 1),
            fingerprints - pow(fingerprints - 1, 2) / (observed - 1)
        ) as corrected_least,
        if(corrected_least > 1, sqrt(corrected_phi2 / (corrected_least - 1)), null) as cramers_v
    from tables
),

within_days as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        threshold_pp,
        count(*) as days,
        sum(observed * cramers_v order by day) / sum(observed) filter (where cramers_v is not null) as cramers_v,
        sum(information order by day) / sum(cluster_entropy order by day) as u_cluster_given_fingerprint,
        sum(information order by day) / sum(fingerprint_entropy order by day) as u_fingerprint_given_cluster
    from corrected_of_days
    group by all
),

tested_tables as (
    select
        parts.study,
        parts.endpoint,
        parts.model,
        parts.arm,
        parts.prompt,
        parts.threshold_pp,
        -- One number instead of six columns: the draws are many.
        dense_rank() over (
            order by parts.study, parts.endpoint, parts.model, parts.arm, parts.prompt, parts.threshold_pp
        ) as test_id,
        tests.statistic,
        tests.permuted
    from parts
    inner join tests on parts.part_id = tests.input_hash
),

observed as (
    select
        test_id,
        study,
        endpoint,
        model,
        arm,
        prompt,
        threshold_pp,
        sum(statistic) as statistic
    from tested_tables
    group by all
),

draws as (
    select
        test_id,
        unnest(permuted) as statistic,
        generate_subscripts(permuted, 1) as draw
    from tested_tables
),

permutations as (
    select
        test_id,
        draw,
        sum(statistic::double) as statistic
    from draws
    group by all
),

p_values_by_test as (
    select
        test_id,
        count(*) as permutations,
        -- Draws are kept as single precision; where shares are equal, rounding is all that there is.
        (1 + count(*) filter (where permutations.statistic >= observed.statistic * (1 - 1e-6) - 1e-9))
        / (1 + count(*)) as p_value
    from permutations
    inner join observed using (test_id)
    group by all
),

p_values as (
    select
        observed.* exclude (test_id, statistic),
        p_values_by_test.permutations,
        p_values_by_test.p_value
    from observed
    inner join p_values_by_test using (test_id)
),

final as (
    select
        corrected.study,
        corrected.endpoint,
        corrected.model,
        corrected.arm,
        corrected.prompt,
        corrected.threshold_pp,
        case
            when corrected.clusters > 1 and corrected.fingerprints > 1
                then sqrt(
                    corrected.corrected_phi2
                    / nullif(least(corrected.corrected_clusters, corrected.corrected_fingerprints) - 1, 0)
                )
        end as cramers_v,
        case
            when corrected.clusters > 1 and corrected.fingerprints > 1
                then corrected.information / corrected.cluster_entropy
        end as u_cluster_given_fingerprint,
        case
            when corrected.clusters > 1 and corrected.fingerprints > 1
                then corrected.information / corrected.fingerprint_entropy
        end as u_fingerprint_given_cluster,
        within_days.days as days_within,
        within_days.cramers_v as cramers_v_within_days,
        within_days.u_cluster_given_fingerprint as u_cluster_given_fingerprint_within_days,
        within_days.u_fingerprint_given_cluster as u_fingerprint_given_cluster_within_days,
        p_values.p_value,
        p_values.permutations,
        corrected.clusters,
        corrected.fingerprints,
        corrected.total::bigint as observed
    from corrected
    left join within_days using (study, endpoint, model, arm, prompt, threshold_pp)
    left join p_values using (study, endpoint, model, arm, prompt, threshold_pp)
)

select * from final
