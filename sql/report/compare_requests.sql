-- grain: endpoint, model, arm, prompt, day
-- The request of each day, and its text where it is still the series' own.
with requests as (
    select * from mart.requests_by_day
    where study = $study and is_of_day
),

series as (
    select * from mart.series
    where study = $study
),

final as (
    select
        requests.endpoint,
        requests.model,
        requests.arm,
        requests.prompt,
        requests.day,
        requests.request_id,
        requests.follow,
        requests.samples,
        requests.failures,
        case when series.request_id = requests.request_id then series.request end as request
    from requests
    inner join series using (endpoint, model, arm, prompt)
)

select * from final
order by model, endpoint, arm, prompt, day
