-- what: Each token's mean over a day's lists. One without it counts with its minimum logprob, in mean_pct as 0.
-- grain: study, endpoint, model, arm, prompt, day, token
-- by day
with requests as (
    select
        *,
        -- One column instead of six: what reads the lists groups by it.
        row_number() over () as day_id
    from mart.requests_by_day
    where day in (select unnest($days)) and is_of_day
),

counts as (
    select * from mart.value_counts_by_day
    where day in (select unnest($days)) and ordering_id is not null
),

distributions as (
    select
        rowid,
        *
    from stg.distributions
),

list_counts as (
    select
        day_id,
        ordering_id,
        sum(counts.n)::bigint as n
    from counts
    inner join requests using (study, endpoint, model, arm, prompt, day, request_id)
    group by all
),

entries as (
    select
        ordering_id,
        unnest(tokens) as token,
        unnest(logprobs) as logprob
    from distributions
    -- Found by id alone first: read are only the lists of these rows, not those of all days.
    where rowid in (
        select lists.rowid from stg.distributions as lists
        where lists.ordering_id in (select ordering_id from list_counts)
    )
),

-- A server may send a token twice: the likeliest is meant. What stands for "very unlikely" is no log-probability.
list_tokens as (
    select
        ordering_id,
        token,
        max(logprob) as logprob
    from entries
    where logprob > -9999 and logprob <= 1e-6
    group by all
),

minima as (
    select
        ordering_id,
        min(logprob) as minimum
    from list_tokens
    group by all
),

day_minima as (
    select
        day_id,
        sum(n)::bigint as observed,
        -- In billionths of a nat, as whole numbers: the sum is the same in whatever order it is made.
        sum(n * (minimum * 1e9)::bigint)::double / 1e9 as minimum
    from list_counts
    inner join minima using (ordering_id)
    group by all
),

day_tokens as (
    select
        list_counts.day_id,
        list_tokens.token,
        sum(list_counts.n)::bigint as n,
        sum(list_counts.n * ((list_tokens.logprob - minima.minimum) * 1e9)::bigint)::double / 1e9 as excess,
        sum(list_counts.n * (exp(list_tokens.logprob) * 1e12)::bigint)::double / 1e12 as mass
    from list_counts
    inner join list_tokens using (ordering_id)
    inner join minima using (ordering_id)
    group by all
),

final as (
    select
        requests.study,
        requests.endpoint,
        requests.model,
        requests.arm,
        requests.prompt,
        requests.day,
        requests.request_id,
        day_tokens.token,
        day_tokens.n,
        day_minima.observed,
        (day_minima.minimum + day_tokens.excess) / day_minima.observed as mean_logprob,
        day_minima.minimum / day_minima.observed as mean_minimum,
        100 * day_tokens.mass / day_minima.observed as mean_pct
    from day_tokens
    inner join day_minima using (day_id)
    inner join requests using (day_id)
    -- Where no list is like another, most tokens are seen once: the likeliest hundred say it.
    qualify row_number() over (partition by day_id order by day_tokens.mass desc, day_tokens.token asc) <= 100
)

select * from final
