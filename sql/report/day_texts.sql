-- grain: endpoint, model, arm, prompt
-- The completions of the day's last request. `sizes`: how many completions came so many times.
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
        max(tokens) as tokens,
        max(length(text)) as characters,
        sum(n)::bigint as n
    from counts
    semi join periods using (study, endpoint, model, arm, prompt, day, request_id)
    group by all
),

completions_by_size as (
    select
        endpoint,
        model,
        arm,
        prompt,
        n,
        count(*) as completions,
        max(tokens) as longest_tokens,
        max(characters) as longest_chars,
        sum(tokens * n) as tokens,
        sum(n) filter (where tokens is not null) as counted
    from completions
    group by all
),

final as (
    select
        endpoint,
        model,
        arm,
        prompt,
        sum(n * completions)::bigint as answered,
        sum(completions)::bigint as unique_completions,
        max(n) as modal_n,
        max(longest_tokens) as longest_tokens,
        max(longest_chars) as longest_chars,
        sum(tokens) / nullif(sum(counted), 0) as mean_tokens,
        map_from_entries(list((n, completions))) as sizes
    from completions_by_size
    group by all
)

select * from final
order by model, endpoint, arm, prompt
