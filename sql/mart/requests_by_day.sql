-- what: The requests of each series and day, and which of them was the day's last: the one that the day's figures are about.
-- Of a request under which several tokens were followed that day, the last one is what counts.
-- grain: study, endpoint, model, arm, prompt, day, request_id
-- by day
with calls as (
    select * from mart.calls_by_day
    where day in (select unnest($days))
),

asked as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        request_id,
        follow,
        sum(n)::bigint as samples,
        sum(observed)::bigint as observed,
        coalesce(sum(n) filter (where outcome = 'failed'), 0)::bigint as failures,
        coalesce(sum(n) filter (where outcome = 'unobserved'), 0)::bigint as unobserved,
        max(last_at) as last_at
    from calls
    group by all
),

requests as (
    select * from asked
    qualify row_number() over (
        partition by study, endpoint, model, arm, prompt, day, request_id order by last_at desc, follow asc
    ) = 1
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
