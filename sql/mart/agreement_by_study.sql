-- what: Over how many of a study's prompts all completions of a day agree: byte by byte, and in their answer (Atil et al., 2024).
-- grain: study, endpoint, model, arm, day
-- by day
with completions as (
    select * from mart.divergence_by_day
    where day in (select unnest($days))
),

settings as (
    select * from mart.text_settings_by_study
),

prompts as (
    select
        study,
        endpoint,
        model,
        arm,
        prompt,
        day,
        sum(n)::bigint as repeats,
        count(*) = 1 as is_same_text,
        -- An answer that cannot be parsed agrees with nothing.
        count(distinct answer) = 1 and count(answer) = count(*) as is_same_answer
    from completions
    group by all
),

totals as (
    select
        study,
        endpoint,
        model,
        arm,
        day,
        -- One completion has nothing to agree with.
        count(*) filter (where repeats > 1) as prompts,
        min(repeats) filter (where repeats > 1) as repeats,
        count(*) filter (where repeats > 1 and is_same_text) as tarr_prompts,
        count(*) filter (where repeats > 1 and is_same_answer) as answer_prompts
    from prompts
    group by all
),

final as (
    select
        totals.* exclude (tarr_prompts, answer_prompts),
        totals.tarr_prompts / nullif(totals.prompts, 0) as tarr,
        if(settings.answer_pattern is null, null, totals.answer_prompts / nullif(totals.prompts, 0)) as tara,
        totals.tarr_prompts,
        if(settings.answer_pattern is null, null, totals.answer_prompts) as tara_prompts
    from totals
    left join settings using (study)
)

select * from final
