-- grain: study, endpoint, model, arm, prompt, system_fingerprint, day, kind
-- Fingerprints that appeared or were confirmed gone in the seven days up to the newest. A series' first day is no news.
with lifetimes as (
    select * from mart.fingerprint_lifetimes
),

series as (
    select * from mart.series
),

newest as (
    select max(last_day) as day from series
),

changes as (
    select
        lifetimes.*,
        lifetimes.first_day as day,
        'appeared' as kind
    from lifetimes
    inner join series using (study, endpoint, model, arm, prompt)
    where lifetimes.first_day > series.first_day
    union all by name
    select
        *,
        last_day as day,
        'gone' as kind
    from lifetimes
    where status = 'confirmed'
)

select
    changes.study,
    changes.endpoint,
    changes.model,
    changes.arm,
    changes.prompt,
    changes.system_fingerprint,
    changes.day,
    changes.kind
from changes
inner join newest on changes.day > newest.day - 7
order by
    changes.day desc,
    changes.study asc,
    changes.model asc,
    changes.endpoint asc,
    changes.arm asc,
    changes.prompt asc,
    changes.kind asc,
    changes.system_fingerprint asc
