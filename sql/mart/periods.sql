-- what: Which days' counts make up which period: a day, with its last request, or (null) all days of the series' last request.
-- grain: study, endpoint, model, arm, prompt, period, day
-- whole
with requests as (
    select * from mart.requests_by_day
),

days as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        request_id,
        day as period
    from requests
    where is_of_day
),

last_requests as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        arg_max(request_id, day) as request_id
    from days
    group by all
),

all_days as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        requests.day,
        request_id,
        null::date as period
    from requests
    inner join last_requests using (study, endpoint, model, arm, prompt, request_id)
),

days_of_periods as (
    select * from days
    union all
    select * from all_days
),

final as (
    select
        *,
        -- One column instead of six: what reads the counts groups and joins by it.
        md5(concat_ws(chr(31), study, endpoint, model, arm, prompt, coalesce(period::varchar, ''))) as period_id
    from days_of_periods
)

select * from final
