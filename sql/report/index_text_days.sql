-- grain: study, endpoint, model, arm, prompt, day
-- The sixty days that a sparkline shows, counted from the newest day of its study.
with agreement as (
    select * from mart.agreement_by_day
),

newest as (
    select
        study,
        max(day) as day
    from agreement
    group by study
)

select
    agreement.study,
    agreement.endpoint,
    agreement.model,
    agreement.arm,
    agreement.prompt,
    agreement.day,
    agreement.observed,
    agreement.unique_completions
from agreement
inner join newest on agreement.study = newest.study and agreement.day > newest.day - 60
order by agreement.day
