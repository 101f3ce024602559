-- what: bodies that stg does not have yet, parsed once for each token that is followed
-- grain: day, body_id, follow
create or replace temp table parsed_bodies as
with new_bodies as (
    select
        calls.day,
        calls.body_id,
        calls.follow,
        any_value(calls.cut_at) as cut_at,
        any_value(calls.cut) as cut
    from raw.calls as calls
    where
        calls.day in (select unnest($days))
        and calls.body_id is not null
        and not exists (
            from stg.bodies as old
            where
                old.day in (select unnest($days))
                and old.day = calls.day
                and old.body_id = calls.body_id
                and old.follow is not distinct from calls.follow
        )
    group by calls.day, calls.body_id, calls.follow
),

objects as (
    select
        new_bodies.day,
        new_bodies.body_id,
        new_bodies.follow,
        -- The members that were cut out leave a member behind, so that the commas around it stay right.
        if(
            new_bodies.cut = '',
            bodies.body,
            left(bodies.body, new_bodies.cut_at - 1) || '"":0' || substr(bodies.body, new_bodies.cut_at)
        ) as object
    from new_bodies
    inner join raw.bodies as bodies on new_bodies.day = bodies.day and new_bodies.body_id = bodies.body_id
    where bodies.day in (select unnest($days))
),

parsed as (
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
                        "message": {"content": "VARCHAR"},
                        "logprobs": {"content": [{
                            "token": "VARCHAR", "logprob": "DOUBLE",
                            "top_logprobs": [{"token": "VARCHAR", "logprob": "DOUBLE"}]
                        }]}
                    }]
                }'
            ),
            null
        ) as answer,
        json_valid(object) as is_json
    from objects
),

positioned as (
    select
        *,
        answer.choices[1].logprobs.content[1] as position
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
        list_transform(list, lambda entry: entry.token || chr(31) || entry.logprob) as entries
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
    answer.choices[1].message.content as text,
    try_cast(answer.usage.prompt_tokens as bigint) as prompt_tokens,
    try_cast(answer.usage.completion_tokens as bigint) as completion_tokens,
    followed_entry.token as token,
    -- Minus zero is zero: equal doubles are one value.
    followed_entry.logprob + 0.0 as logprob,
    tokens,
    logprobs,
    if(len(list) > 0, md5(array_to_string(entries, chr(30))), null) as ordering_id,
    if(len(list) > 0, md5(array_to_string(list_sort(list_distinct(entries)), chr(30))), null) as distribution_id
from final;
