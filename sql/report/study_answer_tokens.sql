-- grain: endpoint, model, prompt, token, answer
-- Which first token begins which answer: from the study's own completions, or from those that another study got from the
-- same model for the same messages.
with answer_tokens as (
    select * from mart.answer_tokens_overall
),

conversations as (
    select distinct
        study,
        endpoint,
        model,
        prompt,
        request ->> '$.messages' as messages
    from mart.series
),

asked as (
    select * from conversations
    where study = $study
),

token_counts as (
    select
        asked.endpoint,
        asked.model,
        asked.prompt,
        answer_tokens.token,
        answer_tokens.answer,
        sum(answer_tokens.n)::bigint as n
    from asked
    inner join conversations using (endpoint, model, messages)
    inner join answer_tokens
        on
            conversations.study = answer_tokens.study
            and conversations.endpoint = answer_tokens.endpoint
            and conversations.model = answer_tokens.model
            and conversations.prompt = answer_tokens.prompt
    where answer_tokens.answer is not null
    group by all
),

final as (
    select * from token_counts
    qualify row_number() over (partition by endpoint, model, prompt order by n desc, token asc, answer asc) <= 40
)

select * from final
order by model asc, endpoint asc, prompt asc, n desc, token asc, answer asc
