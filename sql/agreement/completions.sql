-- what: the completions of a series ($study, $endpoint, $model, $arm, $prompt) on $day, each with $characters of its text
-- The first one in front.
-- grain: completion_id
with completions as (
    select * from mart.divergence_by_day
    where
        study = $study
        and endpoint = $endpoint
        and model = $model
        and arm = $arm
        and prompt = $prompt
        and day = $day
),

counts as (
    select * from mart.completion_counts_by_day
    where
        study = $study
        and endpoint = $endpoint
        and model = $model
        and arm = $arm
        and prompt = $prompt
        and day = $day
),

texts as (
    select
        completion_id,
        any_value(left(text, $characters)) as text
    from counts
    group by completion_id
)

select
    completions.n,
    texts.text
from completions
inner join texts using (completion_id)
order by completions.first_at, completions.first_repeat, completions.completion_id
