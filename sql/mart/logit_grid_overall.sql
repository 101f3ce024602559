-- what: The coarsest power of two that the gaps of a series' lists are multiples of, and how many clusters it explains.
-- grain: study, endpoint, model, arm, prompt
-- whole
with periods as (
    select * from mart.periods
    where period is null
),

counts as (
    select * from mart.value_counts_by_day
),

distributions as (
    select * from stg.distributions
),

clusters as (
    select * from mart.clusters_by_period
    where is_first
),

names as (
    select distinct
        period_id,
        study,
        endpoint,
        model,
        arm,
        prompt
    from periods
),

series_lists as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        distribution_id,
        min(ordering_id) as ordering_id
    from counts
    inner join periods using (study, endpoint, model, arm, prompt, day, request_id)
    group by study, endpoint, model, arm, prompt, distribution_id
    -- Ids are hashes, so the first of them are a fair sample: enough to tell 99.9% apart, and bounded.
    qualify row_number() over (
        partition by study, endpoint, model, arm, prompt order by distribution_id
    ) <= 2000
),

sorted_lists as (
    select
        series_lists.study,
        series_lists.endpoint,
        series_lists.model,
        series_lists.arm,
        series_lists.prompt,
        list_reverse_sort(distributions.logprobs) as logprobs
    from series_lists
    inner join distributions using (ordering_id)
),

tails as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        max(1 - exp(logprobs[1]) - exp(logprobs[2])) as other_mass
    from sorted_lists
    where logprobs[2] > -9999 and logprobs[1] <= 1e-6
    group by all
),

entries as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        logprobs[1] as top_logprob,
        unnest(logprobs[2:]) as logprob
    from sorted_lists
),

gaps as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        top_logprob - logprob as gap_nat
    from entries
    where logprob > -9999 and top_logprob <= 1e-6
),

halvings as (
    select unnest(range(11)) as halving
),

fits as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        halving,
        count(*) as gaps,
        avg((abs(gap_nat * pow(2, halving) - round(gap_nat * pow(2, halving))) <= 1e-4)::bigint) as share_on_grid
    from gaps
    cross join halvings
    group by all
),

grids as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        any_value(gaps) as gaps,
        pow(2, -min(halving) filter (where share_on_grid >= 0.999)) as grid_step_nat,
        min_by(share_on_grid, halving) filter (where share_on_grid >= 0.999) as share_on_grid
    from fits
    group by all
),

residuals as (
    select
        names.*,
        grids.grid_step_nat,
        grids.share_on_grid,
        coalesce(grids.gaps, 0) as gaps,
        abs(clusters.gap_nat - round(clusters.gap_nat / grids.grid_step_nat) * grids.grid_step_nat) as residual_nat,
        -- Where only p is known, ln(p/(1-p)) is off by about the other tokens' mass/(1-p).
        case
            when clusters.is_gap_exact then 0
            else coalesce(greatest(tails.other_mass, 0), 0) / (1 - clusters.modal_probability)
        end as blur_nat
    from clusters
    inner join names using (period_id)
    left join grids using (study, endpoint, model, arm, prompt)
    left join tails using (study, endpoint, model, arm, prompt)
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        grid_step_nat,
        share_on_grid,
        gaps,
        sum((residual_nat <= 0.01 * grid_step_nat + blur_nat)::bigint)::bigint as clusters_explained,
        count(*) as clusters
    from residuals
    group by all
)

select * from final
