-- grain: endpoint, model, arm, prompt, answer
-- Null: no answer was found in the completion. `answers` are how many there are: the first twenty are
-- here, each cut to 200 characters.
with answers as (
    select * from mart.answers_by_day
    where study = $study and day = $day
),

final as (
    select
        endpoint,
        model,
        arm,
        prompt,
        left(answer, 200) as answer,
        n,
        sum(n) over (partition by endpoint, model, arm, prompt)::bigint as observed,
        count(*) over (partition by endpoint, model, arm, prompt) as answers
    from answers
    qualify
        row_number() over (
            partition by endpoint, model, arm, prompt
            order by n desc, answer asc nulls last
        ) <= 20
)

select * from final
order by model asc, endpoint asc, arm asc, prompt asc, n desc, answer asc nulls last
