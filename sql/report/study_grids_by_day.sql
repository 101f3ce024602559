-- grain: endpoint, model, arm, prompt, day
select
    endpoint,
    model,
    arm,
    prompt,
    day,
    lists,
    gaps,
    grid_step_nat
from mart.logit_grid_by_day
where study = $study and gaps > 0
order by model, endpoint, arm, prompt, day
