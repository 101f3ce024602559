-- what: the completions of $studies and $days that have no embedding yet, of studies that want one
-- The shortest first: the longest may be too long for the model.
-- grain: endpoint, embedding_model, completion_id
with samples as (
    select * from stg.samples
    where day in (select unnest($days)) and study in (select unnest($studies)) and text <> ''
),

runs as (
    select * from raw.runs
    where configuration is not null
),

embeddings as (
    select * from raw.embeddings
    where embedding is not null
),

settings as (
    select
        study,
        arg_max(configuration, (started_at, landed_at)) ->> '$.embedding_model' as embedding_model
    from runs
    group by study
),

completions as (
    select
        samples.endpoint,
        settings.embedding_model,
        md5(samples.text) as completion_id,
        length(samples.text) as characters
    from samples
    inner join settings using (study)
    where settings.embedding_model is not null
    group by samples.endpoint, settings.embedding_model, samples.text
)

select * from completions
anti join embeddings using (endpoint, embedding_model, completion_id)
order by endpoint, embedding_model, characters, completion_id
