-- what: How a study's texts are read: its answer pattern and its embedding model, as its latest run has them.
-- A study that is known from imports alone has the catalogue's pattern; one that is no regular expression is none.
-- grain: study
-- whole
with runs as (
    select * from raw.runs
),

studies as (
    select distinct study from mart.calls_by_day
),

catalogue_patterns as (
    select * from patterns
),

configurations as (
    select
        study,
        arg_max(configuration, (started_at, landed_at)) as configuration
    from runs
    where configuration is not null
    group by all
),

settings as (
    select
        studies.study,
        configurations.configuration ->> '$.embedding_model' as embedding_model,
        if(
            configurations.configuration is null,
            catalogue_patterns.answer_pattern,
            configurations.configuration ->> '$.answer_pattern'
        ) as answer_pattern
    from studies
    left join configurations using (study)
    left join catalogue_patterns using (study)
),

final as (
    select
        study,
        embedding_model,
        if(try(regexp_matches('', answer_pattern)) is not null, answer_pattern, null) as answer_pattern
    from settings
)

select * from final
