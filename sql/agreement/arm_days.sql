-- what: the completions of each arm and day that has all its embeddings: the newest $days_back days of each series' last request
-- An empty completion has no embedding, and is none of them.
-- grain: study, endpoint, model, prompt, day, arm
with periods as (
    select * from mart.periods
    where period is null
),

inputs as (
    select * from mart.distance_inputs_by_day
    where is_embedded
),

completions as (
    select * from mart.divergence_by_day
),

newest as (
    select
        study,
        max(day) as day
    from periods
    group by study
)

select
    study,
    endpoint,
    model,
    prompt,
    day,
    arm,
    inputs.embedding_model,
    list(completions.completion_id order by completions.completion_id) as completion_ids,
    list(completions.n order by completions.completion_id) as counts
from completions
inner join periods using (study, endpoint, model, arm, prompt, day, request_id)
inner join inputs using (study, endpoint, model, arm, prompt, day)
inner join newest using (study)
where completions.day > newest.day - $days_back::integer and completions.completion_id <> md5('')
group by all
order by study asc, endpoint asc, model asc, prompt asc, day desc, arm asc
