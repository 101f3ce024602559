-- what: How many completions a period has, how long they are, and (sizes) how many of them came so many times.
-- grain: study, endpoint, model, arm, prompt, period
-- by period
with periods as (
    select * from mart.periods
    where period is null or period in (select unnest($days))
),

counts as (
    select * from mart.completion_counts_by_day
),

completions as (
    select
        periods.period_id,
        counts.completion_id,
        max(counts.tokens) as tokens,
        any_value(counts.characters) as characters,
        sum(counts.n)::bigint as n
    from counts
    inner join periods using (study, endpoint, model, arm, prompt, day, request_id)
    group by all
),

completions_by_size as (
    select
        period_id,
        n,
        count(*) as completions,
        max(tokens) as longest_tokens,
        max(characters) as longest_chars,
        sum(tokens * n) as tokens,
        sum(n) filter (where tokens is not null) as counted
    from completions
    group by all
),

figures as (
    select
        period_id,
        sum(n * completions)::bigint as answered,
        sum(completions)::bigint as unique_completions,
        max(n) as modal_n,
        max(longest_tokens) as longest_tokens,
        max(longest_chars) as longest_chars,
        sum(tokens) / nullif(sum(counted), 0) as mean_tokens,
        map_from_entries(list((n, completions) order by n)) as sizes
    from completions_by_size
    group by all
),

series as (
    select distinct
        period_id,
        study,
        endpoint,
        model,
        arm,
        prompt,
        period
    from periods
),

final as (
    select
        series.* exclude (period_id),
        figures.* exclude (period_id)
    from figures
    inner join series using (period_id)
)

select * from final
