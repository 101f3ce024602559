-- what: embeddings as they came, one row a completion; or why there is none
insert into raw.embeddings (completion_id, endpoint, embedding_model, embedding, error, embedded_at)
select
    unnest($completion_ids) as completion_id,
    $endpoint,
    $embedding_model,
    unnest($embeddings::float[][]) as embedding,
    $error,
    $embedded_at
