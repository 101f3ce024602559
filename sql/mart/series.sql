-- what: One row a series: the request of its last day, the days it has, and who served it.
-- grain: study, endpoint, model, arm, prompt
-- whole
with calls as (
    select * from mart.calls_by_day
),

periods as (
    select * from mart.periods
    where period is null
),

counts as (
    select * from mart.value_counts_by_day
),

requests as (
    select * from raw.requests
),

last_requests as (
    select distinct
        study,
        endpoint,
        model,
        arm,
        prompt,
        request_id,
        follow
    from periods
),

totals as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        min(day) as first_day,
        max(day) as last_day,
        count(distinct day) as days,
        sum(n)::bigint as samples,
        sum(observed)::bigint as observed,
        coalesce(bool_or(is_simulated), false) as is_simulated,
        list(distinct served_model order by served_model) filter (where served_model is not null) as served_models
    from calls
    group by all
),

token_counts as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        token,
        sum(n) as n
    from counts
    semi join periods using (study, endpoint, model, arm, prompt, day, request_id)
    group by all
),

tokens as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        arg_max(token, (n, token)) as token
    from token_counts
    group by all
),

final as (
    select
        totals.study,
        totals.endpoint,
        totals.model,
        totals.arm,
        totals.prompt,
        last_requests.request_id,
        requests.request,
        nullif(last_requests.follow, '') as follow,
        totals.first_day,
        totals.last_day,
        totals.days,
        totals.samples,
        totals.observed,
        totals.is_simulated,
        coalesce(totals.served_models, []::varchar[]) as served_models,
        coalesce(nullif(last_requests.follow, ''), tokens.token) as token
    from totals
    inner join last_requests using (study, endpoint, model, arm, prompt)
    left join tokens using (study, endpoint, model, arm, prompt)
    left join requests using (request_id)
)

select * from final
