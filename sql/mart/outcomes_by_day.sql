-- what: How calls ended: every sample counts once, whatever came back.
-- grain: study, endpoint, model, arm, prompt, day, outcome, status
-- whole
with calls as (
    select * from mart.calls_by_day
),

final as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        outcome,
        status,
        sum(n)::bigint as n,
        sum(attempts)::bigint as attempts,
        round(sum(total_latency_s), 6) / nullif(sum(timed), 0) as mean_latency_s,
        max(max_latency_s) as max_latency_s
    from calls
    group by all
)

select * from final
