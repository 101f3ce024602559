-- what: The clusters of a period's values: a new one begins where the gap to the value before is wider than the threshold.
-- grain: period_id, threshold_pp, cluster
-- by period
with periods as (
    select * from mart.periods
    where period is null or period in (select unnest($days))
),

counts as (
    select * from mart.value_counts_by_day
),

thresholds as (
    select * from mart.thresholds_by_study
),

distributions as (
    select * from stg.distributions
),

period_thresholds as (
    select distinct
        periods.period_id,
        thresholds.threshold_pp,
        thresholds.is_first
    from periods
    inner join thresholds using (study)
),

period_counts as (
    select
        period_id,
        logprob,
        probability_pct,
        system_fingerprint,
        ordering_id,
        sum(n)::bigint as n
    from counts
    inner join periods using (study, endpoint, model, arm, prompt, day, request_id)
    group by all
),

list_counts as (
    select
        period_id,
        logprob,
        probability_pct,
        ordering_id,
        sum(n)::bigint as n
    from period_counts
    group by all
),

value_counts as (
    select
        period_id,
        logprob,
        probability_pct,
        arg_max(ordering_id, (n, ordering_id)) as ordering_id,
        sum(n)::bigint as n
    from list_counts
    group by all
),

gaps as (
    select
        *,
        sum(n) over (partition by period_id) as observed,
        row_number() over (partition by period_id order by n, logprob) as rank,
        probability_pct - lag(probability_pct) over (partition by period_id order by probability_pct) as gap_pp
    from value_counts
),

numbered as (
    select
        gaps.* exclude (ordering_id, gap_pp),
        period_thresholds.threshold_pp,
        period_thresholds.is_first,
        1 + count(*) filter (where gaps.gap_pp > period_thresholds.threshold_pp) over (
            partition by gaps.period_id, period_thresholds.threshold_pp order by gaps.probability_pct
        ) as cluster
    from gaps
    inner join period_thresholds using (period_id)
),

fingerprints as (
    select
        period_id,
        threshold_pp,
        cluster,
        count(distinct system_fingerprint) as fingerprints
    from numbered
    inner join period_counts using (period_id, logprob)
    where period_counts.system_fingerprint is not null
    group by all
),

clusters as (
    select
        period_id,
        threshold_pp,
        is_first,
        cluster,
        sum(n)::bigint as n,
        count(*) as distinct_values,
        min(probability_pct) as min_pct,
        max(probability_pct) as max_pct,
        sum(n) / any_value(observed) as share,
        max(rank) as rank
    from numbered
    group by all
),

modal_values as (
    select
        clusters.* exclude (rank),
        gaps.probability_pct / 100 as modal_probability,
        gaps.ordering_id
    from clusters
    inner join gaps using (period_id, rank)
),

sorted_lists as (
    select
        ordering_id,
        list_reverse_sort(logprobs) as logprobs
    from distributions
    where ordering_id in (select ordering_id from modal_values)
),

list_gaps as (
    select
        ordering_id,
        -- What servers send for "very unlikely" is no log-probability.
        case
            when logprobs[2] > -9999 and logprobs[1] <= 1e-6 then logprobs[1] - logprobs[2]
        end as gap_nat
    from sorted_lists
),

names as (
    select distinct
        period_id,
        period
    from periods
),

final as (
    select
        names.period,
        modal_values.* exclude (ordering_id),
        fingerprints.fingerprints,
        list_gaps.gap_nat is not null as is_gap_exact,
        coalesce(
            list_gaps.gap_nat,
            case
                when modal_values.modal_probability > 0 and modal_values.modal_probability < 1
                    then ln(modal_values.modal_probability / (1 - modal_values.modal_probability))
            end
        ) as gap_nat
    from modal_values
    inner join names using (period_id)
    left join fingerprints using (period_id, threshold_pp, cluster)
    left join list_gaps using (ordering_id)
)

select * from final
