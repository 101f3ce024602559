-- grain: endpoint, model, arm, prompt, logprob, system_fingerprint
-- Over all days of each series' last request, as mart.spread_overall has them.
with counts as (
    select * from mart.value_counts_by_day
    where study = $study and logprob is not null
),

periods as (
    select * from mart.periods
    where study = $study and period is null
)

select
    counts.endpoint,
    counts.model,
    counts.arm,
    counts.prompt,
    counts.logprob,
    any_value(counts.probability_pct) as probability_pct,
    counts.system_fingerprint,
    sum(counts.n)::bigint as n
from counts
semi join periods using (study, endpoint, model, arm, prompt, day, request_id)
group by
    counts.endpoint, counts.model, counts.arm, counts.prompt, counts.logprob, counts.system_fingerprint
order by
    counts.model asc, counts.endpoint asc, counts.arm asc, counts.prompt asc, counts.logprob desc, counts.system_fingerprint asc
