-- what: Which fingerprints answered, and how often; null is the state of an answer without one.
-- grain: study, endpoint, model, arm, prompt, day, system_fingerprint
-- whole
with calls as (
    select * from mart.calls_by_day
    where outcome not in ('failed', 'malformed')
),

fingerprint_counts as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        system_fingerprint,
        sum(n)::bigint as n
    from calls
    group by all
),

final as (
    select
        *,
        n / sum(n) over (partition by study, endpoint, model, arm, prompt, day) as share
    from fingerprint_counts
)

select * from final
