-- grain: endpoint, model, arm, prompt, completion_id
-- Each series' most frequent completions, over all days of its last request: 200 of each, fewer where there are many series.
with counts as (
    select * from mart.completion_counts_by_day
    where study = $study
),

periods as (
    select * from mart.periods
    where study = $study and period is null
),

completions as (
    select
        endpoint,
        model,
        arm,
        prompt,
        completion_id,
        min(day) as first_day,
        max(tokens) as tokens,
        min(first_at) as first_at,
        sum(n)::bigint as n,
        list(distinct system_fingerprint order by system_fingerprint) filter (where system_fingerprint is not null)
            as fingerprints
    from counts
    semi join periods using (study, endpoint, model, arm, prompt, day, request_id)
    group by endpoint, model, arm, prompt, completion_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by endpoint, model, arm, prompt
            order by n desc, first_at asc, completion_id asc
        ) as place,
        dense_rank() over (order by endpoint asc, model asc, arm asc, prompt asc) as series_number
    from completions
),

shown as (
    select * from ranked
    qualify place <= greatest(10, least(200, 2000 // max(series_number) over ()))
),

-- Read for those that are shown alone, and from the days on which they first came.
texts as (
    select distinct on (counts.completion_id)
        counts.completion_id,
        counts.text
    from counts
    inner join shown
        on counts.day = shown.first_day and counts.completion_id = shown.completion_id
),

final as (
    select
        shown.* exclude (series_number, first_day, fingerprints),
        texts.text,
        coalesce(shown.fingerprints, []::varchar[]) as fingerprints
    from shown
    inner join texts using (completion_id)
)

select * from final
order by model, endpoint, arm, prompt, place
