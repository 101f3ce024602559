-- what: Which days' counts make up which period: a day, with its last request, or (null) all days of the series' last request.
-- Days on which another token was followed under the same request are not of it.
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
        follow,
        day as period
    from requests
    where is_of_day
),

last_requests as (
    select * from days
    qualify row_number() over (partition by study, endpoint, model, arm, prompt order by day desc) = 1
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
        requests.follow,
        null::date as period
    from requests
    inner join last_requests using (study, endpoint, model, arm, prompt, request_id)
    where requests.follow is not distinct from last_requests.follow
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
