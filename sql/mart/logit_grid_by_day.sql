-- what: How many of a day's lists, and of their gaps to the top token, lie on the grids of step 1, 1/2, 1/4 … 1/1024 nat.
-- grain: study, endpoint, model, arm, prompt, day
-- by day
with requests as (
    select * from mart.requests_by_day
    where day in (select unnest($days)) and is_of_day
),

counts as (
    select * from mart.value_counts_by_day
    where day in (select unnest($days)) and distribution_id is not null
),

distributions as (
    select
        rowid,
        *
    from stg.distributions
),

day_lists as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        request_id,
        counts.distribution_id,
        min(counts.ordering_id) as ordering_id
    from counts
    inner join requests using (study, endpoint, model, arm, prompt, day, request_id)
    group by study, endpoint, model, arm, prompt, day, request_id, counts.distribution_id
    -- Ids are hashes, so the first of them are a fair sample: enough to tell 99.9% apart, and bounded.
    qualify row_number() over (
        partition by study, endpoint, model, arm, prompt, day order by counts.distribution_id
    ) <= 2000
),

sorted_lists as (
    select
        ordering_id,
        list_reverse_sort(logprobs) as logprobs
    from distributions
    -- Found by id alone first: read are only the lists of these rows, not those of all days.
    where rowid in (
        select lists.rowid from stg.distributions as lists
        where lists.ordering_id in (select ordering_id from day_lists)
    )
),

entries as (
    select
        ordering_id,
        logprobs[1] as top_logprob,
        unnest(logprobs[2:]) as logprob
    from sorted_lists
),

halvings as (
    select unnest(range(11)) as halving
),

list_fits as (
    select
        ordering_id,
        halving,
        count(*) as gaps,
        count(*) filter (
            where
            abs((top_logprob - logprob) * pow(2, halving) - round((top_logprob - logprob) * pow(2, halving))) <= 1e-4
        ) as on_grid
    from entries
    cross join halvings
    where logprob > -9999 and top_logprob <= 1e-6
    group by all
),

lists as (
    select
        ordering_id,
        any_value(gaps) as gaps,
        list(on_grid order by halving) as on_grid
    from list_fits
    group by all
),

day_fits as (
    select
        day_lists.study,
        day_lists.endpoint,
        day_lists.model,
        day_lists.arm,
        day_lists.prompt,
        day_lists.day,
        day_lists.request_id,
        halving,
        count(*) as lists,
        sum(lists.gaps)::bigint as gaps,
        sum(lists.on_grid[halving + 1])::bigint as on_grid,
        count(*) filter (where lists.on_grid[halving + 1] = lists.gaps) as lists_on_grid
    from day_lists
    inner join lists using (ordering_id)
    cross join halvings
    group by all
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        request_id,
        any_value(lists) as lists,
        any_value(gaps) as gaps,
        list(on_grid order by halving) as on_grid,
        list(lists_on_grid order by halving) as lists_on_grid,
        pow(2, -min(halving) filter (where on_grid >= 0.999 * gaps)) as grid_step_nat
    from day_fits
    group by all
)

select * from final
