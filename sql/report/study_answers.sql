-- grain: endpoint, model, arm, prompt, answer
-- Over all days of each series' last request; null: no answer was found in the completion. `answers` are how many there
-- are: the first twenty are here, each cut to 200 characters. Without an answer pattern, of series without longer texts.
with answers as (
    select * from mart.answers_by_day
    where study = $study
),

patterns as (
    select * from mart.text_settings_by_study
    where study = $study
),

-- What no page shows is not read.
short_texts as (
    select texts.* from mart.texts_by_period as texts
    left join patterns using (study)
    where study = $study and period is null and (longest_chars <= 200 or answer_pattern is not null)
),

days_of_last_request as (
    select of_day.*
    from mart.periods as of_day
    inner join mart.periods as overall using (study, endpoint, model, arm, prompt, day, request_id)
    where of_day.period is not null and overall.period is null
),

answers_overall as (
    select
        endpoint,
        model,
        arm,
        prompt,
        answer,
        sum(n)::bigint as n
    from answers
    semi join days_of_last_request using (study, endpoint, model, arm, prompt, day)
    semi join short_texts using (study, endpoint, model, arm, prompt)
    group by all
),

final as (
    select
        * replace (left(answer, 200) as answer),
        sum(n) over (partition by endpoint, model, arm, prompt)::bigint as observed,
        count(*) over (partition by endpoint, model, arm, prompt) as answers
    from answers_overall
    qualify
        row_number() over (
            partition by endpoint, model, arm, prompt
            order by n desc, answer asc nulls last
        ) <= 20
)

select * from final
order by model asc, endpoint asc, arm asc, prompt asc, n desc, answer asc nulls last
