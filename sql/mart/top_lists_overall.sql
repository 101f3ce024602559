-- what: The two most frequent top-k lists over all days of a series' last request, with their tokens and log-probabilities.
-- grain: study, endpoint, model, arm, prompt, rank
-- whole
with periods as (
    select * from mart.periods
    where period is null
),

counts as (
    select * from mart.value_counts_by_day
    where ordering_id is not null
),

distributions as (
    select * from stg.distributions
),

list_counts as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        ordering_id,
        sum(n)::bigint as n
    from counts
    semi join periods using (study, endpoint, model, arm, prompt, day, request_id)
    group by all
),

ranked as (
    select
        *,
        n / sum(n) over (partition by study, endpoint, model, arm, prompt) as share,
        row_number() over (
            partition by study, endpoint, model, arm, prompt order by n desc, ordering_id asc
        ) as rank
    from list_counts
),

most_frequent as (
    select * from ranked
    where rank <= 2
),

final as (
    select
        most_frequent.study,
        most_frequent.endpoint,
        most_frequent.model,
        most_frequent.arm,
        most_frequent.prompt,
        most_frequent.rank,
        most_frequent.ordering_id,
        most_frequent.n,
        most_frequent.share,
        distributions.tokens,
        distributions.logprobs
    from most_frequent
    inner join distributions using (ordering_id)
)

select * from final
