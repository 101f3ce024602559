-- what: the embeddings ($embedding_model) of the completions of a series ($study, $endpoint, $model, $arm, $prompt) on $day
-- The first one in front.
-- grain: completion_id
with completions as (
    select * from mart.divergence_by_day
    where
        study = $study
        and endpoint = $endpoint
        and model = $model
        and arm = $arm
        and prompt = $prompt
        and day = $day
),

embeddings as (
    select
        completion_id,
        arg_min(embedding, embedded_at) as embedding
    from raw.embeddings
    -- Found by id alone first: read are only the embeddings of these rows, not those of all days.
    where
        rowid in (
            select wanted.rowid from raw.embeddings as wanted
            where
                wanted.endpoint = $endpoint
                and wanted.embedding_model = $embedding_model
                and wanted.embedding is not null
                and wanted.completion_id in (select completion_id from completions)
        )
    group by completion_id
)

select
    completions.n,
    embeddings.embedding
from completions
inner join embeddings using (completion_id)
order by completions.first_at, completions.first_repeat, completions.completion_id
