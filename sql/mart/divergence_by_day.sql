-- what: The completions of each series and day, and where each first differs from the most frequent one, counted from 0.
-- A proper prefix differs at its own length. Null: it is the most frequent one, or (tokens) a token list is missing.
-- grain: study, endpoint, model, arm, prompt, day, completion_id
-- by day
with counts as (
    select * from mart.completion_counts_by_day
    where day in (select unnest($days))
),

requests as (
    select * from mart.requests_by_day
    where day in (select unnest($days)) and is_of_day
),

settings as (
    select * from mart.text_settings_by_study
),

token_lists as (
    select * from stg.completions
    -- Found by id alone first: read are only the lists of these rows, not those of all days.
    where rowid in (
        select lists.rowid from stg.completions as lists
        where lists.completion_id in (select completion_id from counts)
    )
),

completions as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        request_id,
        completion_id,
        sum(n)::bigint as n,
        min(first_at) as first_at,
        arg_min(first_repeat, (first_at, first_repeat)) as first_repeat,
        max(tokens) as tokens,
        sum(truncated)::bigint as truncated,
        arg_max(first_token, (n, first_token)) as first_token,
        arg_max(tokens_id, (n, tokens_id)) as tokens_id
    from counts
    inner join requests using (study, endpoint, model, arm, prompt, day, request_id)
    group by all
),

places as (
    select
        *,
        row_number() over (
            partition by study, endpoint, model, arm, prompt, day
            order by n desc, first_at asc, first_repeat asc, completion_id asc
        ) = 1 as is_modal,
        row_number() over (
            partition by study, endpoint, model, arm, prompt, day
            order by first_at asc, first_repeat asc, completion_id asc
        ) = 1 as is_first
    from completions
),

texts as (
    select
        completion_id,
        any_value(text) as text
    from counts
    group by all
),

spelt as (
    select
        places.*,
        texts.text,
        -- A list of one token is not stored; a completion without text has none.
        coalesce(
            token_lists.tokens,
            if(places.tokens_id is null and places.first_token is not null, [places.first_token], null),
            if(texts.text = '', []::varchar[], null)
        ) as token_list
    from places
    inner join texts using (completion_id)
    left join token_lists using (completion_id, tokens_id)
),

modal as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        text as modal_text,
        token_list as modal_token_list
    from spelt
    where is_modal
),

compared as (
    select
        *,
        if(is_modal, null, shared_characters(text, modal_text)) as divergence_chars,
        list_position(
            list_transform(list_zip(token_list, modal_token_list, true), lambda pair: pair[1] = pair[2]), false
        ) - 1 as differing_token
    from spelt
    inner join modal using (study, endpoint, model, arm, prompt, day)
),

read as (
    select
        compared.*,
        settings.answer_pattern,
        if(
            settings.answer_pattern is null,
            compared.text,
            -- All matches, since that alone tells no match from an empty one; and the whole match where there is no group.
            coalesce(
                try(regexp_extract_all(compared.text, settings.answer_pattern, 1)),
                try(regexp_extract_all(compared.text, settings.answer_pattern, 0))
            )[1]
        ) as found,
        trim(found, ' ' || chr(9) || chr(10) || chr(13)) as bare
    from compared
    left join settings using (study)
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        request_id,
        completion_id,
        n,
        first_at,
        first_repeat,
        is_modal,
        is_first,
        tokens,
        truncated,
        first_token,
        divergence_chars,
        coalesce(
            differing_token,
            if(len(token_list) <> len(modal_token_list), least(len(token_list), len(modal_token_list)), null)
        ) as divergence_tokens,
        if(answer_pattern is null, bare, nullif(bare, '')) as answer
    from read
)

select * from final
