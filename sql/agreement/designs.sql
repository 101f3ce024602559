-- what: the request of each arm of the studies that embed completions, and how the newest run of each study was configured
-- grain: study, arm, endpoint, model, prompt
with settings as (
    select * from mart.text_settings_by_study
    where embedding_model is not null
),

series as (
    select * from mart.series
),

configurations as (
    select
        study,
        arg_max(configuration, started_at) as configuration
    from mart.runs
    where configuration is not null
    group by all
)

select
    series.study,
    series.arm,
    series.request,
    configurations.configuration
from series
inner join settings using (study)
left join configurations using (study)
order by series.study, series.model, series.endpoint, series.arm, series.prompt
