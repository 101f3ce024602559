-- what: The studies whose days must be decided again, each from the first of them on: changed days, and days that nobody decided.
-- grain: study
with requests as (
    select * from mart.requests_by_day
    where is_of_day
),

decisions as (
    select * from raw.decisions
),

undecided as (
    select
        study,
        day
    from requests
    where not exists (
        from decisions
        where
            decisions.study = requests.study
            and decisions.endpoint = requests.endpoint
            and decisions.model = requests.model
            and decisions.arm = requests.arm
            and decisions.prompt = requests.prompt
            and decisions.day = requests.day
    )
),

changed as (
    select
        study,
        day
    from requests
    where day in (select unnest($days))
),

-- A day whose rows are all withheld now is history no longer.
vanished as (
    select
        study,
        day
    from decisions
    where day in (select unnest($days))
),

all_kinds as (
    select * from undecided
    union all
    select * from changed
    union all
    select * from vanished
),

final as (
    select
        study,
        min(day) as first_day
    from all_kinds
    group by all
)

select * from final
order by study
