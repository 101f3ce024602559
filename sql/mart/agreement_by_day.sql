-- what: How far the completions of a day agree, as texts and as embeddings; each figure is defined in docs/statistics.md.
-- grain: study, endpoint, model, arm, prompt, day
-- by day
with completions as (
    select * from mart.divergence_by_day
    where day in (select unnest($days))
),

requests as (
    select * from mart.requests_by_day
    where day in (select unnest($days)) and is_of_day
),

distance_inputs as (
    select * from mart.distance_inputs_by_day
    where day in (select unnest($days))
),

tests as (
    select * from raw.tests
    where
        day in (select unnest($days))
        and test in ('edit_distance_first', 'edit_distance_pairs', 'embedding_distance_first', 'embedding_distance_pairs')
),

ranked as (
    select
        *,
        -- How many of those that differ, differ no later: a median counts each as often as it was seen.
        sum(n) filter (where divergence_chars is not null) over chars as chars_seen,
        sum(n) filter (where divergence_tokens is not null) over tokens as tokens_seen,
        sum(n) filter (where divergence_chars is not null) over series_day as differing_chars,
        sum(n) filter (where divergence_tokens is not null) over series_day as differing_tokens
    from completions
    window
        series_day as (partition by study, endpoint, model, arm, prompt, day),
        chars as (partition by study, endpoint, model, arm, prompt, day order by divergence_chars nulls last),
        tokens as (partition by study, endpoint, model, arm, prompt, day order by divergence_tokens nulls last)
),

figures as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        sum(n)::bigint as observed,
        count(*) as unique_completions,
        max(n) / sum(n) as modal_share,
        min(divergence_chars) as first_divergence_chars,
        min(divergence_tokens) as first_divergence_tokens,
        (
            min(divergence_chars) filter (where chars_seen >= floor((differing_chars + 1) / 2))
            + min(divergence_chars) filter (where chars_seen >= ceil((differing_chars + 1) / 2))
        ) / 2 as median_divergence_chars,
        (
            min(divergence_tokens) filter (where tokens_seen >= floor((differing_tokens + 1) / 2))
            + min(divergence_tokens) filter (where tokens_seen >= ceil((differing_tokens + 1) / 2))
        ) / 2 as median_divergence_tokens,
        sum(tokens * n) / sum(n) filter (where tokens is not null) as mean_tokens,
        any_value(completion_id) filter (where is_modal) as modal_completion_id
    from ranked
    group by all
),

distances as (
    select
        input_hash,
        arg_max(statistic, tested_at) filter (where ends_with(test, '_first')) as distance_first,
        arg_max(statistic, tested_at) filter (where ends_with(test, '_pairs')) as distance_pairs
    from tests
    group by all
),

final as (
    select
        figures.study,
        figures.endpoint,
        figures.model,
        figures.arm,
        figures.prompt,
        figures.day,
        requests.samples,
        figures.observed,
        figures.unique_completions,
        figures.modal_share,
        figures.first_divergence_chars,
        figures.first_divergence_tokens,
        -- Where there is nothing to measure, two equal completions are at no distance, and one is at none that is defined.
        case
            when not distance_inputs.is_embedded or figures.observed < 2 then null
            when distance_inputs.embedding_hash is null then 0
            else embedding_distances.distance_first
        end as mean_distance_first,
        case
            when not distance_inputs.is_embedded or figures.observed < 2 then null
            when distance_inputs.embedding_hash is null then 0
            else embedding_distances.distance_pairs
        end as mean_distance_pairs,
        figures.median_divergence_chars,
        figures.median_divergence_tokens,
        case
            when figures.observed < 2 then null
            when figures.unique_completions = 1 then 0
            else edit_distances.distance_first
        end as edit_distance_first,
        case
            when figures.observed < 2 then null
            when figures.unique_completions = 1 then 0
            else edit_distances.distance_pairs
        end as edit_distance_pairs,
        figures.mean_tokens,
        figures.modal_completion_id,
        distance_inputs.embedding_model,
        distance_inputs.embedding_error
    from figures
    inner join requests using (study, endpoint, model, arm, prompt, day)
    inner join distance_inputs using (study, endpoint, model, arm, prompt, day)
    left join distances as edit_distances on distance_inputs.edit_hash = edit_distances.input_hash
    left join distances as embedding_distances on distance_inputs.embedding_hash = embedding_distances.input_hash
)

select * from final
