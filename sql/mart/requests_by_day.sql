-- what: The requests of each series and day, and which of them was the day's last: the one that the day's figures are about.
-- grain: study, endpoint, model, arm, prompt, day, request_id
-- by day
with calls as (
    select * from mart.calls_by_day
    where day in (select unnest($days))
),

requests as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        request_id,
        sum(n)::bigint as samples,
        sum(observed)::bigint as observed,
        coalesce(sum(n) filter (where outcome = 'failed'), 0)::bigint as failures,
        coalesce(sum(n) filter (where outcome = 'unobserved'), 0)::bigint as unobserved,
        max(last_at) as last_at
    from calls
    group by all
),

final as (
    select
        *,
        row_number() over (
            partition by study, endpoint, model, arm, prompt, day order by last_at desc, request_id asc
        ) = 1 as is_of_day
    from requests
)

select * from final
