-- what: How far the values of a period spread; each figure is defined in docs/statistics.md.
-- grain: study, endpoint, model, arm, prompt, period
-- by period
with periods as (
    select * from mart.periods
    where period is null or period in (select unnest($days))
),

requests as (
    select * from mart.requests_by_day
),

counts as (
    select * from mart.value_counts_by_day
),

totals as (
    select
        period_id,
        study,
        endpoint,
        model,
        arm,
        prompt,
        period,
        sum(samples)::bigint as samples,
        sum(observed)::bigint as observed,
        sum(failures)::bigint as failures,
        sum(unobserved)::bigint as unobserved
    from periods
    inner join requests using (study, endpoint, model, arm, prompt, day, request_id)
    group by all
),

period_counts as (
    select
        periods.period_id,
        counts.logprob,
        counts.probability_pct,
        counts.distribution_id,
        counts.ordering_id,
        counts.n
    from counts
    inner join periods using (study, endpoint, model, arm, prompt, day, request_id)
),

lists as (
    select
        period_id,
        -- No list at all is not observable, which is not 0.
        nullif(count(distinct distribution_id), 0) as distinct_distributions,
        nullif(count(distinct ordering_id), 0) as distinct_orderings
    from period_counts
    group by all
),

value_counts as (
    select
        period_id,
        logprob,
        probability_pct,
        sum(n)::bigint as n
    from period_counts
    group by all
),

shares as (
    select
        *,
        n / sum(n) over (partition by period_id) as share
    from value_counts
),

figures as (
    select
        period_id,
        sum(n)::double as n,
        count(*) as distinct_values,
        min(probability_pct) as min_pct,
        max(probability_pct) as max_pct,
        -- Summed in one order, so that a rebuild gives the same doubles.
        sum(share * probability_pct order by logprob) as mean_pct,
        arg_max(probability_pct, (n, probability_pct)) as modal_pct,
        max(share) as modal_share,
        sum(share * log2(1 / share) order by logprob) as entropy_bits,
        sum(n * (n - 1))::double as equal_pairs,
        count(*) filter (where n = 1) as singletons,
        count(*) filter (where n = 2) as doubletons
    from shares
    group by all
),

final as (
    select
        totals.* exclude (period_id),
        figures.distinct_values,
        lists.distinct_distributions,
        lists.distinct_orderings,
        figures.min_pct,
        figures.max_pct,
        figures.max_pct - figures.min_pct as range_pp,
        figures.mean_pct,
        figures.modal_pct,
        figures.modal_share,
        figures.entropy_bits,
        pow(2, figures.entropy_bits) as effective_values,
        1 - figures.equal_pairs / nullif(figures.n * (figures.n - 1), 0) as gini_simpson,
        figures.singletons,
        figures.doubletons,
        figures.distinct_values
        + (figures.n - 1) / figures.n
        * figures.singletons * (figures.singletons - 1) / (2 * (figures.doubletons + 1)) as chao1,
        figures.singletons / figures.n as unseen_mass,
        case
            when figures.n < 2 then null
            when figures.singletons = 0 then 1
            else
                1 - figures.singletons / figures.n
                * ((figures.n - 1) * figures.singletons)
                / ((figures.n - 1) * figures.singletons + 2 * figures.doubletons)
        end as coverage
    from totals
    left join figures using (period_id)
    left join lists using (period_id)
)

select * from final
