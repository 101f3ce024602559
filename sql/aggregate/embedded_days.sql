-- what: the days whose completions got embeddings, or the endpoint's words why not, since they were counted
-- grain: day
with inputs as (
    select * from mart.distance_inputs_by_day
    where not is_embedded and embedding_model is not null
),

completions as (
    select * from mart.divergence_by_day
    where day in (select day from inputs)
),

answers as (
    select
        completion_id,
        endpoint,
        embedding_model,
        bool_or(embedding is not null) as is_embedded,
        bool_or(error is not null) as has_error
    from raw.embeddings
    where completion_id in (select completion_id from completions)
    group by all
),

standing as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        inputs.embedded as embedded_before,
        inputs.embedding_error is not null as had_error,
        count(*) filter (where answers.is_embedded) as embedded,
        coalesce(bool_or(answers.has_error and not answers.is_embedded), false) as has_error
    from inputs
    inner join completions using (study, endpoint, model, arm, prompt, day)
    inner join answers using (completion_id, endpoint, embedding_model)
    group by all
)

select distinct day from standing
where embedded > embedded_before or (has_error and not had_error)
order by day
