-- grain: endpoint, model, arm, prompt, token
-- The mean of the first position's lists over all days of the series' last request; a list without the token counts as 0.
with tokens as (
    select * from mart.token_logprobs_by_day
    where study = $study
),

last_requests as (
    select * from mart.series
    where study = $study
),

tokens_of_last_request as (
    select * from tokens
    semi join last_requests using (study, endpoint, model, arm, prompt, request_id)
),

days as (
    select distinct
        endpoint,
        model,
        arm,
        prompt,
        day,
        observed
    from tokens_of_last_request
),

lists as (
    select
        endpoint,
        model,
        arm,
        prompt,
        sum(observed) as lists
    from days
    group by all
),

masses as (
    select
        endpoint,
        model,
        arm,
        prompt,
        token,
        -- As whole numbers: the sum is the same in whatever order it is made.
        sum((mean_pct * observed * 1e10)::bigint)::double / 1e10 as mass
    from tokens_of_last_request
    group by all
),

final as (
    select
        masses.endpoint,
        masses.model,
        masses.arm,
        masses.prompt,
        masses.token,
        masses.mass / lists.lists as mean_pct
    from masses
    inner join lists using (endpoint, model, arm, prompt)
    where masses.mass > 0
    qualify
        row_number() over (
            partition by masses.endpoint, masses.model, masses.arm, masses.prompt
            order by masses.mass desc, masses.token asc
        ) <= 40
)

select * from final
order by model asc, endpoint asc, arm asc, prompt asc, mean_pct desc, token asc
