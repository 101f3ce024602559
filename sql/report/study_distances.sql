-- grain: endpoint, model, arm, prompt
-- How far completions of the same day lie apart: the days' means, weighed by their calls, over the days of
-- each series' last request.
with agreement as (
    select * from mart.agreement_by_day
    where study = $study
),

days_of_last_request as (
    select of_day.*
    from mart.periods as of_day
    inner join mart.periods as overall using (study, endpoint, model, arm, prompt, day, request_id)
    where of_day.period is not null and overall.period is null
)

select
    endpoint,
    model,
    arm,
    prompt,
    sum(mean_distance_first * observed) / sum(observed) filter (where mean_distance_first is not null) as distance_first,
    sum(mean_distance_pairs * observed) / sum(observed) filter (where mean_distance_pairs is not null) as distance_pairs,
    sum(edit_distance_first * observed) / sum(observed) filter (where edit_distance_first is not null) as edit_first,
    sum(edit_distance_pairs * observed) / sum(observed) filter (where edit_distance_pairs is not null) as edit_pairs,
    arg_max(embedding_model, day) as embedding_model,
    arg_max(embedding_error, day) as embedding_error
from agreement
semi join days_of_last_request using (study, endpoint, model, arm, prompt, day)
group by endpoint, model, arm, prompt
order by model, endpoint, arm, prompt
