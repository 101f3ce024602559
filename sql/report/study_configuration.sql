-- grain: one row
-- How the study's newest run was configured (null where none says so), and the pattern that finds its answers.
select
    (
        select arg_max(configuration, started_at) from mart.runs
        where study = $study and configuration is not null
    ) as configuration,
    (
        select any_value(answer_pattern) from mart.text_settings_by_study
        where study = $study
    ) as answer_pattern
