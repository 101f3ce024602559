-- what: All that a day is compared by: values in the order of time, completions, token means, fingerprints, and the fit of grids.
-- grain: study, endpoint, model, arm, prompt, day
with requests as (
    select * from mart.requests_by_day
    where study = $study and day in (select unnest($days)) and is_of_day
),

blocks as (
    select
        endpoint,
        model,
        arm,
        prompt,
        day,
        list(block - 1 order by block, logprob) as block,
        list(logprob order by block, logprob) as logprob,
        list(n order by block, logprob) as n
    from mart.value_blocks_by_day
    where study = $study and day in (select unnest($days))
    group by all
),

sequences as (
    select * from mart.sequence_by_day
    where study = $study and day in (select unnest($days))
),

completion_counts as (
    select
        endpoint,
        model,
        arm,
        prompt,
        day,
        completion_id,
        sum(counts.n)::bigint as n
    from mart.completion_counts_by_day as counts
    inner join requests using (study, endpoint, model, arm, prompt, day, request_id)
    where counts.study = $study and counts.day in (select unnest($days))
    group by all
),

completions as (
    select
        endpoint,
        model,
        arm,
        prompt,
        day,
        list(completion_id order by completion_id) as completion_id,
        list(n order by completion_id) as n
    from completion_counts
    group by all
),

tokens as (
    select
        endpoint,
        model,
        arm,
        prompt,
        day,
        list(token order by token) as token,
        list(mean_logprob order by token) as mean_logprob,
        any_value(mean_minimum) as mean_minimum,
        any_value(observed) as observed
    from mart.token_logprobs_by_day
    where study = $study and day in (select unnest($days))
    group by all
),

fingerprints as (
    select
        fingerprints.endpoint,
        fingerprints.model,
        fingerprints.arm,
        fingerprints.prompt,
        fingerprints.day,
        list(system_fingerprint order by system_fingerprint) as system_fingerprint,
        list(fingerprints.n order by system_fingerprint) as n,
        list(system_fingerprint order by system_fingerprint) filter (
            where lifetimes.first_day = fingerprints.day
        ) as born
    from mart.fingerprints_by_day as fingerprints
    left join mart.fingerprint_lifetimes as lifetimes
        using (study, endpoint, model, arm, prompt, system_fingerprint)
    where fingerprints.study = $study and fingerprints.day in (select unnest($days))
    group by all
),

grids as (
    select * from mart.logit_grid_by_day
    where study = $study and day in (select unnest($days))
),

final as (
    select
        requests.study,
        requests.endpoint,
        requests.model,
        requests.arm,
        requests.prompt,
        requests.day,
        blocks.block,
        blocks.logprob,
        blocks.n as value_n,
        coalesce(sequences.pairs, 0) as pairs,
        coalesce(sequences.repeats, 0) as repeats,
        coalesce(sequences.pairs * sequences.expected_rate, 0) as expected_repeats,
        coalesce(completions.completion_id, []) as completion_id,
        coalesce(completions.n, []) as completion_n,
        tokens.token,
        tokens.mean_logprob,
        tokens.mean_minimum,
        tokens.observed,
        coalesce(fingerprints.system_fingerprint, []) as system_fingerprint,
        coalesce(fingerprints.n, []) as fingerprint_n,
        coalesce(fingerprints.born, []) as born,
        coalesce(grids.lists, 0) as lists,
        coalesce(grids.gaps, 0) as gaps,
        coalesce(grids.on_grid, []) as gaps_on_grid,
        coalesce(grids.lists_on_grid, []) as lists_on_grid
    from requests
    left join blocks using (endpoint, model, arm, prompt, day)
    left join sequences using (study, endpoint, model, arm, prompt, day)
    left join completions using (endpoint, model, arm, prompt, day)
    left join tokens using (endpoint, model, arm, prompt, day)
    left join fingerprints using (endpoint, model, arm, prompt, day)
    left join grids using (study, endpoint, model, arm, prompt, day)
)

select * from final
