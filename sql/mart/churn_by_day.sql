-- what: How much the fingerprints changed since the previous day with answers.
-- grain: study, endpoint, model, arm, prompt, day
-- whole
with fingerprints as (
    select * from mart.fingerprints_by_day
),

lifetimes as (
    select * from mart.fingerprint_lifetimes
),

answered_days as (
    select distinct
        study,
        endpoint,
        model,
        arm,
        prompt,
        day
    from fingerprints
),

days as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        lag(day) over series as previous_day,
        lead(day) over series as next_day
    from answered_days
    window series as (partition by study, endpoint, model, arm, prompt order by day)
),

both_sides as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        system_fingerprint,
        share,
        0 as previous_share
    from fingerprints
    union all
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        days.next_day,
        system_fingerprint,
        0 as share,
        share as previous_share
    from fingerprints
    inner join days using (study, endpoint, model, arm, prompt, day)
    where days.next_day is not null
),

states as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        system_fingerprint,
        sum(share) as share,
        sum(previous_share) as previous_share
    from both_sides
    group by all
),

changes as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        count(*) filter (where share > 0 and system_fingerprint is not null) as fingerprints,
        count(*) filter (where share > 0 and previous_share > 0 and system_fingerprint is not null) as kept,
        count(system_fingerprint) as either,
        sum(abs(share - previous_share) order by system_fingerprint) / 2 as share_churn,
        coalesce(sum(share) filter (where system_fingerprint is null), 0) as null_share
    from states
    group by all
),

births as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        first_day as day,
        count(*) as births
    from lifetimes
    group by all
),

deaths as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        days.day,
        count(*) as deaths
    from lifetimes
    inner join days using (study, endpoint, model, arm, prompt)
    where lifetimes.status = 'confirmed' and lifetimes.last_day = days.previous_day
    group by all
),

final as (
    select
        changes.study,
        changes.endpoint,
        changes.model,
        changes.arm,
        changes.prompt,
        changes.day,
        changes.fingerprints,
        coalesce(births.births, 0) as births,
        coalesce(deaths.deaths, 0) as deaths,
        -- Two days without any fingerprint are not observable, which is no agreement.
        case
            when days.previous_day is not null then 1 - changes.kept / nullif(changes.either, 0)
        end as set_churn,
        case
            when days.previous_day is not null and changes.either > 0 then changes.share_churn
        end as share_churn,
        changes.null_share
    from changes
    inner join days using (study, endpoint, model, arm, prompt, day)
    left join births using (study, endpoint, model, arm, prompt, day)
    left join deaths using (study, endpoint, model, arm, prompt, day)
)

select * from final
