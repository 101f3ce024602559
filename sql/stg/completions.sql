-- what: each completion's own token list, where it has more than one token; stored once
-- grain: completion_id, tokens_id
-- new bodies
select
    md5(text) as completion_id,
    tokens_id,
    any_value(text_tokens) as tokens
from parsed_bodies
where
    tokens_id is not null
    and text is not null
    and not exists (
        from stg.completions as old
        where
            old.completion_id = md5(parsed_bodies.text)
            and old.tokens_id = parsed_bodies.tokens_id
    )
group by parsed_bodies.text, parsed_bodies.tokens_id
