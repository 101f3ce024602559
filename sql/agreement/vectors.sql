-- what: the embeddings ($endpoint, $embedding_model) of some completions ($completion_ids)
-- grain: completion_id
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
            and wanted.completion_id in (select unnest($completion_ids))
    )
group by completion_id
order by completion_id
