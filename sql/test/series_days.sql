-- what: The days of a study's series from $first on, each with its last request and the token followed under it.
-- grain: study, endpoint, model, arm, prompt, day
with requests as (
    select * from mart.requests_by_day
    where study = $study and day >= $first and is_of_day
)

select
    study,
    endpoint,
    model,
    arm,
    prompt,
    day,
    request_id,
    follow
from requests
order by day, endpoint, model, arm, prompt
