-- what: What the distances between a day's completions hang on, as hashes by which raw.tests keeps them.
-- Null where there is nothing to measure: fewer than two different completions, no embedding model, an embedding that is missing.
-- grain: study, endpoint, model, arm, prompt, day
-- by day
with completions as (
    select * from mart.divergence_by_day
    where day in (select unnest($days))
),

settings as (
    select * from mart.text_settings_by_study
),

embeddings as (
    select
        completion_id,
        endpoint,
        embedding_model,
        bool_or(embedding is not null) as is_embedded,
        -- The first words: those that come later, of another day's completions, leave this day as it is.
        arg_min(error, embedded_at) as error,
        min(embedded_at) filter (where error is not null) as error_at
    from raw.embeddings
    where completion_id in (select completion_id from completions)
    group by all
),

blank as (
    select md5('') as completion_id
),

named as (
    select
        completions.*,
        settings.embedding_model,
        -- No endpoint embeds a text without characters.
        completions.completion_id in (select completion_id from blank) as is_blank,
        coalesce(embeddings.is_embedded, false) as is_embedded,
        if(is_embedded, null, embeddings.error) as error,
        embeddings.error_at,
        concat_ws(':', completion_id, n, epoch_us(first_at), first_repeat) as part
    from completions
    left join settings using (study)
    left join embeddings using (completion_id, endpoint, embedding_model)
),

sets as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        embedding_model,
        count(*) as completions,
        count(*) filter (where not is_blank) as embeddable,
        count(*) filter (where is_embedded) as embedded,
        bool_and(is_embedded) filter (where not is_blank) as is_embedded,
        arg_min(error, (error_at, completion_id)) as embedding_error,
        string_agg(part, ',' order by completion_id) as parts,
        concat_ws(chr(31), study, endpoint, model, arm, prompt, day) as series_day
    from named
    group by all
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        -- The number goes up with every change of how the distance is measured.
        if(completions > 1, left(sha256(concat_ws(chr(31), 'edit 2', series_day, parts)), 24), null) as edit_hash,
        embedding_model,
        embedded,
        coalesce(embeddable > 0 and is_embedded, false) and embedding_model is not null as is_embedded,
        if(
            is_embedded and embeddable > 1,
            left(sha256(concat_ws(chr(31), 'embedding', series_day, embedding_model, parts)), 24),
            null
        ) as embedding_hash,
        embedding_error
    from sets
)

select * from final
