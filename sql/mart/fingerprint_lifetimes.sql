-- what: First and last day of each fingerprint; its death is confirmed once enough later answers came without it.
-- grain: study, endpoint, model, arm, prompt, system_fingerprint
-- whole
with fingerprints as (
    select * from mart.fingerprints_by_day
),

days as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        sum(n)::bigint as n
    from fingerprints
    group by all
),

later_days as (
    select
        *,
        max(day) over (partition by study, endpoint, model, arm, prompt) as last_day_of_series,
        sum(n) over (
            partition by study, endpoint, model, arm, prompt
            order by day
            rows between 1 following and unbounded following
        ) as later_n
    from days
),

lifetimes as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        system_fingerprint,
        min(day) as first_day,
        max(day) as last_day,
        count(*) as days_seen,
        sum(n)::bigint as n,
        arg_max(share, day) as last_share
    from fingerprints
    where system_fingerprint is not null
    group by all
),

final as (
    select
        lifetimes.* exclude (last_share),
        case
            when lifetimes.last_day = later_days.last_day_of_series then 'active'
            -- Had it kept its last share, it would have been seen again with 95% chance; a share of 1 needs one answer.
            when lifetimes.last_share = 1 then 'confirmed'
            when later_days.later_n >= ln(0.05) / ln(1 - lifetimes.last_share) then 'confirmed'
            else 'unconfirmed'
        end as status
    from lifetimes
    inner join later_days
        on
            lifetimes.study = later_days.study
            and lifetimes.endpoint = later_days.endpoint
            and lifetimes.model = later_days.model
            and lifetimes.arm = later_days.arm
            and lifetimes.prompt = later_days.prompt
            and lifetimes.last_day = later_days.day
)

select * from final
