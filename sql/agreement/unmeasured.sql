-- what: the sets of completions of $days whose distances raw.tests does not have yet; with $again all of them
-- grain: study, endpoint, model, arm, prompt, day, kind
with distance_inputs as (
    select * from mart.distance_inputs_by_day
    where day in (select unnest($days))
),

wanted as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        embedding_model,
        unnest(['edit', 'embedding']) as kind,
        unnest([edit_hash, embedding_hash]) as input_hash
    from distance_inputs
),

tests as (
    select input_hash from raw.tests
)

select * from wanted
where input_hash is not null and ($again or input_hash not in (select input_hash from tests))
order by day, study, endpoint, model, arm, prompt, kind
