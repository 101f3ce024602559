-- grain: endpoint, model, arm, prompt
select
    endpoint,
    model,
    arm,
    prompt,
    mean_distance_first as distance_first,
    mean_distance_pairs as distance_pairs,
    edit_distance_first as edit_first,
    edit_distance_pairs as edit_pairs,
    embedding_model,
    embedding_error
from mart.agreement_by_day
where study = $study and day = $day
order by model, endpoint, arm, prompt
