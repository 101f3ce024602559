-- what: Which first token began which answer, in completions of a day that were not cut off.
-- An answer of more than 200 characters is a text, of which a token says nothing: of all days they would be the history.
-- grain: study, endpoint, model, arm, prompt, day, token, answer
-- by day
with completions as (
    select * from mart.divergence_by_day
    where day in (select unnest($days))
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
        first_token as token,
        answer,
        sum(n - truncated)::bigint as n
    from completions
    where first_token is not null and (answer is null or length(answer) <= 200)
    group by all
    having sum(n - truncated) > 0
)

select * from final
