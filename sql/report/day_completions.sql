-- grain: endpoint, model, arm, prompt, completion_id
-- Every completion of the day's last request, the most frequent first; ties go to the earlier.
with counts as (
    select * from mart.completion_counts_by_day
    where study = $study and day = $day
),

periods as (
    select * from mart.periods
    where study = $study and period = $day
),

completions as (
    select
        endpoint,
        model,
        arm,
        prompt,
        completion_id,
        any_value(text) as text,
        max(tokens) as tokens,
        min(first_at) as first_at,
        sum(n)::bigint as n,
        list(distinct system_fingerprint order by system_fingerprint) filter (where system_fingerprint is not null)
            as fingerprints
    from counts
    semi join periods using (study, endpoint, model, arm, prompt, day, request_id)
    group by endpoint, model, arm, prompt, completion_id
),

final as (
    select
        * exclude (fingerprints),
        coalesce(fingerprints, []::varchar[]) as fingerprints,
        row_number() over (
            partition by endpoint, model, arm, prompt
            order by n desc, first_at asc, completion_id asc
        ) as place
    from completions
)

select * from final
order by model, endpoint, arm, prompt, place
