-- grain: study, endpoint, model, arm, prompt
-- What the sides of a comparison can be.
select
    study,
    endpoint,
    model,
    arm,
    prompt,
    first_day,
    last_day
from mart.series
order by study, model, endpoint, arm, prompt
