-- what: the completions of $studies that have no embedding yet, of studies that want one
-- Those of $days, and those that were missed on the $days_back days before that a study was last sampled.
-- The new ones first, and the shortest of them first: the longest may be too long for the model.
-- grain: endpoint, embedding_model, completion_id
with runs as (
    select * from raw.runs
    where configuration is not null and study in (select unnest($studies))
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

latest_days as (
    select distinct
        study,
        day
    from runs
    qualify dense_rank() over (partition by study order by day desc) <= $days_back
),

new_days as (
    select
        study,
        unnest($days) as day
    from settings
),

days as (
    select * from latest_days
    union
    select * from new_days
),

samples as (
    select * from stg.samples
    where day in (select day from days) and text <> ''
),

completions as (
    select
        samples.endpoint,
        settings.embedding_model,
        md5(samples.text) as completion_id,
        length(samples.text) as characters,
        max(samples.day) as day,
        bool_or(samples.day in (select unnest($days))) as is_new
    from samples
    inner join settings using (study)
    semi join days using (study, day)
    where settings.embedding_model is not null
    group by samples.endpoint, settings.embedding_model, samples.text
)

select * from completions
anti join embeddings using (endpoint, embedding_model, completion_id)
order by endpoint asc, embedding_model asc, is_new desc, characters asc, completion_id asc
