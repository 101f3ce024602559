-- grain: endpoint, model, arm, prompt, day
-- A row a day, and before them one without a day: over the days of each series' last request, as mart.spread_overall
-- has them. There the days' expected rates are weighed by their pairs, since only samples of one day are paired.
with sequences as (
    select * from mart.sequence_by_day
    where study = $study
),

periods as (
    select * from mart.periods
    where study = $study
),

days_of_last_request as (
    select of_day.*
    from periods as of_day
    inner join periods as overall using (study, endpoint, model, arm, prompt, day, request_id)
    where of_day.period is not null and overall.period is null
),

sequences_overall as (
    select
        endpoint,
        model,
        arm,
        prompt,
        null::date as day,
        sum(pairs)::bigint as pairs,
        sum(repeats)::bigint as repeats,
        sum(repeats) / nullif(sum(pairs), 0) as repeat_rate,
        sum(expected_rate * pairs) / nullif(sum(pairs), 0) as expected_rate
    from sequences
    semi join days_of_last_request using (study, endpoint, model, arm, prompt, day)
    group by endpoint, model, arm, prompt
),

final as (
    select * from sequences_overall
    union all by name
    select * exclude (study) from sequences
)

select * from final
order by model asc, endpoint asc, arm asc, prompt asc, day asc nulls first
