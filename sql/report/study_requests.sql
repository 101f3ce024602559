-- grain: endpoint, model, arm, prompt, request_id, follow
-- The days on which each request of a series, and each token followed under it, was the day's last.
-- The first day of another is no news of a provider's.
select
    endpoint,
    model,
    arm,
    prompt,
    request_id,
    follow,
    min(day) as first_day,
    max(day) as last_day,
    count(*) as days
from mart.requests_by_day
where study = $study and is_of_day
group by endpoint, model, arm, prompt, request_id, follow
order by model, endpoint, arm, prompt, first_day
