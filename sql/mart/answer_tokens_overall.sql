-- what: Which first token stands for which answer, in completions that were not cut off, over all days of a series' last request.
-- grain: study, endpoint, model, prompt, token, answer
-- whole
with answer_tokens as (
    select * from mart.answer_tokens_by_day
),

periods as (
    select * from mart.periods
    where period is null
),

final as (
    select
        answer_tokens.study,
        answer_tokens.endpoint,
        answer_tokens.model,
        answer_tokens.prompt,
        answer_tokens.token,
        answer_tokens.answer,
        sum(answer_tokens.n)::bigint as n
    from answer_tokens
    inner join periods using (study, endpoint, model, arm, prompt, day, request_id)
    group by all
)

select * from final
