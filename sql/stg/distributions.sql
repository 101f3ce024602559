-- what: each distinct top-k list, stored once
-- grain: ordering_id
-- new bodies
select
    ordering_id,
    any_value(distribution_id) as distribution_id,
    any_value(tokens) as tokens,
    any_value(logprobs) as logprobs,
    any_value(len(logprobs)) as list_length,
    any_value(logprobs = list_sort(logprobs, 'desc')) as is_sorted,
    any_value(list_sum(list_transform(logprobs, lambda logprob: exp(logprob)))) as probability_sum
from parsed_bodies
where
    ordering_id is not null
    and not exists (
        from stg.distributions as old
        where old.ordering_id = parsed_bodies.ordering_id
    )
group by ordering_id
