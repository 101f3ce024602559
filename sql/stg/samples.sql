-- what: one completed call, success or failure, typed
-- grain: sample_id
-- view
with calls as (
    select * from raw.calls
),

bodies as (
    select * from stg.bodies
),

requests as (
    select
        request_id,
        try_cast(request ->> '$.top_logprobs' as bigint) as top_logprobs_asked,
        coalesce(request ->> '$.logprobs' = 'true', false) as asks_for_logprobs
    from raw.requests
),

joined as (
    select
        calls.*,
        requests.top_logprobs_asked,
        bodies.* exclude (day, body_id, follow, response_id, logprob),
        nullif(coalesce(bodies.response_id, regexp_extract(calls.cut, '"id"\s*:\s*"([^"\\]*)"', 1)), '') as response_id,
        case
            when not calls.status between 200 and 299 then 'failed'
            when not coalesce(bodies.has_choice, false) then 'malformed'
            when bodies.ordering_id is null then if(requests.asks_for_logprobs, 'no_logprobs', 'ok')
            when bodies.logprob is null then 'unobserved'
            -- NaN is greater than every number here; -9999 and -FLT_MAX stand for "very unlikely" at some servers.
            when bodies.logprob <= -9999 or bodies.logprob > 1e-6 then 'sentinel'
            else 'ok'
        end as outcome,
        if(outcome = 'ok', bodies.logprob, null) as logprob
    from calls
    left join requests on calls.request_id = requests.request_id
    left join bodies
        on
            calls.day = bodies.day
            and calls.body_id = bodies.body_id
            and calls.follow is not distinct from bodies.follow
),

final as (
    select
        sample_id,
        run_id,
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        repeat,
        requested_at,
        latency_s,
        attempts,
        status,
        outcome,
        error,
        case
            when outcome = 'failed' then if(status = 0, 'no response', 'HTTP ' || status)
            when outcome = 'malformed' then if(coalesce(is_json, false), 'no choices', 'not JSON')
        end as error_kind,
        request_id,
        follow,
        response_id,
        served_model,
        system_fingerprint,
        service_tier,
        finish_reason,
        text,
        prompt_tokens,
        completion_tokens,
        coalesce(token, follow) as token,
        logprob,
        100 * exp(logprob) as probability_pct,
        distribution_id,
        ordering_id,
        first_token,
        tokens_id,
        top_logprobs_asked,
        coalesce(contains(headers, '"x-flipbook-simulated":"1"'), false) as is_simulated
    from joined
)

select * from final
