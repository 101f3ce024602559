-- what: one part of the bodies that stg does not have yet, parsed once for each token that is followed
-- grain: day, body_id, follow
create or replace temp table parsed_bodies as
with parsed as (
    select
        day,
        body_id,
        follow,
        object,
        if(
            json_valid(object),
            from_json(
                object,
                '{
                    "id": "VARCHAR", "model": "VARCHAR", "system_fingerprint": "VARCHAR", "service_tier": "VARCHAR",
                    "usage": {"prompt_tokens": "DOUBLE", "completion_tokens": "DOUBLE"},
                    "choices": [{
                        "finish_reason": "VARCHAR",
                        "message": {"content": "VARCHAR", "refusal": "VARCHAR"},
                        "logprobs": {"content": "JSON"}
                    }]
                }'
            ),
            null
        ) as answer,
        json_valid(object) as is_json
    from new_bodies
    where part = $part
),

positioned as (
    select
        *,
        answer.choices[1].logprobs.content as content,
        -- Typed at the first position alone: all the lists of long texts would not fit into memory.
        from_json(
            json_extract(content, '$[0]'),
            '{
                "token": "VARCHAR", "logprob": "DOUBLE",
                "top_logprobs": [{"token": "VARCHAR", "logprob": "DOUBLE"}]
            }'
        ) as position,
        json_extract_string(content, '$[*].token') as said
    from parsed
),

listed as (
    select
        *,
        -- Without alternatives the sampled token's own log-probability is the list.
        list_filter(
            case
                when len(position.top_logprobs) > 0 then position.top_logprobs
                when position.logprob is not null then [{'token': position.token, 'logprob': position.logprob}]
            end,
            lambda entry: entry.token is not null and entry.logprob is not null
        ) as list
    from positioned
),

followed as (
    select
        *,
        list_filter(list, lambda entry: follow is null or entry.token = follow) as candidates
    from listed
),

final as (
    select
        *,
        -- Some servers send a token twice, or an unsorted list: the likeliest is meant, ties to the first.
        candidates[list_position(
            list_transform(candidates, lambda entry: entry.logprob),
            list_max(list_transform(candidates, lambda entry: entry.logprob))
        )] as followed_entry,
        list_transform(list, lambda entry: entry.token) as tokens,
        list_transform(list, lambda entry: entry.logprob) as logprobs,
        list_transform(list, lambda entry: entry.token || chr(31) || entry.logprob) as entries,
        -- The completion's own tokens. A list with a hole in it is none.
        if(len(said) > 1 and list_count(said) = json_array_length(content), said, null) as text_tokens
    from followed
)

select
    day,
    body_id,
    follow,
    is_json,
    coalesce(len(answer.choices) > 0, false) as has_choice,
    -- Null where the id was cut out, and stays with the call.
    if(is_json and json_exists(object, '/'), null, coalesce(answer.id, '')) as response_id,
    answer.model as served_model,
    answer.system_fingerprint as system_fingerprint,
    answer.service_tier as service_tier,
    answer.choices[1].finish_reason as finish_reason,
    -- A model that refuses to fill in a schema says so beside the content: those are the words that it gave.
    coalesce(answer.choices[1].message.content, answer.choices[1].message.refusal) as text,
    try_cast(answer.usage.prompt_tokens as bigint) as prompt_tokens,
    try_cast(answer.usage.completion_tokens as bigint) as completion_tokens,
    followed_entry.token as token,
    -- Minus zero is zero: equal doubles are one value.
    followed_entry.logprob + 0.0 as logprob,
    tokens,
    logprobs,
    if(len(list) > 0, md5(array_to_string(entries, chr(30))), null) as ordering_id,
    if(len(list) > 0, md5(array_to_string(list_sort(list_distinct(entries)), chr(30))), null) as distribution_id,
    position.token as first_token,
    text_tokens,
    md5(array_to_string(text_tokens, chr(30))) as tokens_id
from final;
