-- what: The changes of the last week of some studies that nobody was told of yet, with the day's figures.
-- grain: study, endpoint, model, arm, prompt, day
-- reads: $studies, $newest
with drift as (
    select * from mart.drift_by_day
    where is_alarm and study in (select unnest($studies::varchar[])) and day > $newest::date - 7
),

news as (
    select * from drift
    anti join raw.announcements using (study, endpoint, model, arm, prompt, day)
),

spread as (
    select * from mart.spread_by_day
),

series as (
    select * from mart.series
),

final as (
    select
        news.study,
        news.endpoint,
        news.model,
        news.arm,
        news.prompt,
        news.day,
        news.reason,
        news.previous_day,
        news.baseline_first_day,
        news.baseline_last_day,
        news.p_value,
        news.q_value,
        news.baseline_wasserstein_pp as wasserstein_pp,
        news.baseline_total_variation as total_variation,
        spread.observed,
        spread.distinct_values,
        spread.mean_pct,
        spread.modal_pct,
        series.is_simulated
    from news
    left join spread using (study, endpoint, model, arm, prompt, day)
    left join series using (study, endpoint, model, arm, prompt)
)

select * from final
order by study, day, endpoint, model, arm, prompt
